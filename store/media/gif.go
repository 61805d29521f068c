package media

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
)

// readGIFHead walks the blocks of a GIF (GIF89a, appendix B) to its trailer and
// counts the frames. Only the first will be decoded.
func readGIFHead(r *io.SectionReader) (*head, error) {
	b := bufio.NewReaderSize(r, 32<<10)
	var screen [13]byte
	if _, err := io.ReadFull(b, screen[:]); err != nil {
		return nil, unexpected(err)
	}
	h := &head{
		width:    int(binary.LittleEndian.Uint16(screen[6:])),
		height:   int(binary.LittleEndian.Uint16(screen[8:])),
		perPixel: 2 * 2, // one byte per pixel, twice while an interlaced frame is put in order
	}
	if err := skipColours(b, screen[10]); err != nil {
		return nil, err
	}
	for frames := 0; ; {
		introducer, err := b.ReadByte()
		if err != nil {
			return nil, unexpected(err)
		}
		switch introducer {
		case 0x21: // extension: a label, then sub-blocks
			_, err = b.Discard(1)
		case 0x2c:
			if frames++; frames > mostFrames {
				return nil, tooManyFrames()
			}
			err = skipFrameHead(b)
		case 0x3b:
			if frames == 0 {
				return nil, errors.New("gif without a frame")
			}
			h.animated = frames > 1
			return h, nil
		default:
			return nil, errors.New("unknown gif block")
		}
		if err == nil {
			err = skipSubBlocks(b)
		}
		if err != nil {
			return nil, unexpected(err)
		}
	}
}

// skipFrameHead passes an image descriptor, its colours, and the LZW code size.
func skipFrameHead(b *bufio.Reader) error {
	var desc [9]byte
	if _, err := io.ReadFull(b, desc[:]); err != nil {
		return err
	}
	if err := skipColours(b, desc[8]); err != nil {
		return err
	}
	_, err := b.Discard(1)
	return err
}

func skipColours(b *bufio.Reader, flags byte) error {
	if flags&0x80 == 0 {
		return nil
	}
	_, err := b.Discard(3 << (flags&7 + 1))
	return unexpected(err)
}

func skipSubBlocks(b *bufio.Reader) error {
	for {
		n, err := b.ReadByte()
		if err != nil || n == 0 {
			return err
		}
		if _, err := b.Discard(int(n)); err != nil {
			return err
		}
	}
}
