package media

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// JPEG markers, T.81 table B.1.
const (
	markSOF0  = 0xc0
	markSOF1  = 0xc1
	markSOF2  = 0xc2
	markRST0  = 0xd0
	markRST7  = 0xd7
	markEOI   = 0xd9
	markSOS   = 0xda
	markAPP0  = 0xe0
	markAPP1  = 0xe1
	markAPP14 = 0xee
	markAPP15 = 0xef
	markCOM   = 0xfe
)

// jpegWalk is the state of one walk along the markers. It steps exactly as
// image/jpeg does, garbage between segments included, so that no file can show
// one size here and another there.
type jpegWalk struct {
	r     *bufio.Reader
	head  head
	notes notes
	scans int
	// isRGB and components decide what the decoder will make of the planes.
	isRGB      bool
	components int
	samples    int64 // twice the samples per pixel, from the sampling factors
}

func readJPEGHead(r *io.SectionReader) (*head, error) {
	w := &jpegWalk{r: bufio.NewReaderSize(r, 32<<10)}
	if _, err := w.r.Discard(2); err != nil { // SOI, seen by sniff
		return nil, err
	}
	for {
		mark, err := w.nextMarker()
		if err != nil {
			return nil, err
		}
		if mark == markEOI {
			break
		}
		if err := w.segment(mark); err != nil {
			return nil, err
		}
	}
	if w.scans == 0 || w.components == 0 {
		return nil, errors.New("jpeg without a scan")
	}
	w.head.perPixel = w.cost()
	return &w.head, nil
}

// cost is what image/jpeg holds: one byte per sample; for progressive files
// also a 32-bit coefficient per sample; for CMYK and RGB the picture once more
// in its final form.
func (w *jpegWalk) cost() int64 {
	cost := w.samples
	if w.head.progressive {
		cost *= 5
	}
	if w.components == 4 || w.isRGB {
		cost += 2 * 4
	}
	return cost
}

// nextMarker passes entropy-coded data, stuffed zeros, fill bytes and restart
// markers (T.81, B.1.1.2 to B.1.1.5).
func (w *jpegWalk) nextMarker() (byte, error) {
	for {
		// ReadSlice finds the next 0xff in whole buffers: most bytes of a file
		// pass here.
		if _, err := w.r.ReadSlice(0xff); err == bufio.ErrBufferFull {
			continue
		} else if err != nil {
			return 0, unexpected(err)
		}
		mark, err := w.r.ReadByte()
		for err == nil && mark == 0xff {
			mark, err = w.r.ReadByte()
		}
		if err != nil {
			return 0, unexpected(err)
		}
		if mark != 0 && (mark < markRST0 || mark > markRST7) {
			return mark, nil
		}
	}
}

func (w *jpegWalk) segment(mark byte) error {
	var length [2]byte
	if _, err := io.ReadFull(w.r, length[:]); err != nil {
		return unexpected(err)
	}
	n := int(binary.BigEndian.Uint16(length[:])) - 2
	if n < 0 {
		return errors.New("short jpeg segment")
	}
	switch {
	case mark == markSOF0 || mark == markSOF1 || mark == markSOF2:
		return w.frame(mark, n)
	case mark == markSOS:
		w.scans++
		if w.scans > mostScans {
			return brokenf("more than %d scans", mostScans)
		}
	case mark >= markAPP0 && mark <= markAPP15, mark == markCOM:
		return w.application(mark, n)
	}
	_, err := w.r.Discard(n)
	return unexpected(err)
}

// application reads what matters of the APPn segments and counts the rest.
func (w *jpegWalk) application(mark byte, n int) error {
	if err := w.notes.add(int64(n)); err != nil {
		return err
	}
	if mark != markAPP1 && mark != markAPP14 {
		_, err := w.r.Discard(n)
		return unexpected(err)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(w.r, data); err != nil {
		return unexpected(err)
	}
	switch {
	case mark == markAPP1 && w.head.orientation == 0 && len(data) > 6 && string(data[:6]) == "Exif\x00\x00":
		w.head.orientation = exifOrientation(data)
	case mark == markAPP14 && len(data) >= 12 && string(data[:5]) == "Adobe":
		w.isRGB = w.isRGB || data[11] == 0
	}
	return nil
}

// frame reads SOFn, T.81 B.2.2.
func (w *jpegWalk) frame(mark byte, n int) error {
	if w.components != 0 {
		return errors.New("two jpeg frames")
	}
	if n < 9 || n > 6+3*4 {
		return errors.New("jpeg frame of odd length")
	}
	var buf [6 + 3*4]byte
	sof := buf[:n]
	if _, err := io.ReadFull(w.r, sof); err != nil {
		return unexpected(err)
	}
	w.head.progressive = mark == markSOF2
	w.head.height = int(binary.BigEndian.Uint16(sof[1:]))
	w.head.width = int(binary.BigEndian.Uint16(sof[3:]))
	w.components = (n - 6) / 3
	var most, sum int64
	for i := range w.components {
		factors := sof[7+3*i]
		area := int64(factors>>4) * int64(factors&15)
		most, sum = max(most, area), sum+area
	}
	if most == 0 {
		return errors.New("jpeg frame without sampling factors")
	}
	w.samples = (2*sum + most - 1) / most
	w.isRGB = w.isRGB || (w.components == 3 && sof[6] == 'R' && sof[9] == 'G' && sof[12] == 'B')
	return nil
}

// unexpected turns an end of file in the middle of something into its own error.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}
