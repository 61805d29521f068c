package media

import (
	"bufio"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
)

// pngHead is IHDR (PNG 11.2.2) with what else the reader of rows needs.
type pngHead struct {
	width, height   uint32
	depth, colour   uint8
	compress, prune uint8 // compression and filter method: 0 is the only one
	interlace       uint8
}

// Colour types, PNG table 11.1.
const (
	pngGrey      = 0
	pngRGB       = 2
	pngPalette   = 3
	pngGreyAlpha = 4
	pngRGBA      = 6
)

// channels is samples per pixel, 0 for a colour type that is none.
func (p *pngHead) channels() int {
	return map[uint8]int{pngGrey: 1, pngRGB: 3, pngPalette: 1, pngGreyAlpha: 2, pngRGBA: 4}[p.colour]
}

func (p *pngHead) bitsPerPixel() int { return p.channels() * int(p.depth) }

// valid holds PNG table 11.1: which depths go with which colour type.
func (p *pngHead) valid() bool {
	depths := map[uint8]string{
		pngGrey: "\x01\x02\x04\x08\x10", pngPalette: "\x01\x02\x04\x08",
		pngRGB: "\x08\x10", pngGreyAlpha: "\x08\x10", pngRGBA: "\x08\x10",
	}[p.colour]
	for i := range len(depths) {
		if depths[i] == p.depth {
			return p.compress == 0 && p.prune == 0 && p.interlace <= 1
		}
	}
	return false
}

// A pngChunks steps through the chunks of a PNG (PNG 5.3) and checks their CRC
// as they are read.
type pngChunks struct {
	r    *bufio.Reader
	name string
	left uint32 // bytes of content not read yet
	crc  uint32
}

func newPNGChunks(r io.Reader) (*pngChunks, error) {
	c := &pngChunks{r: bufio.NewReaderSize(r, 32<<10)}
	_, err := c.r.Discard(8) // the signature, seen by sniff
	return c, unexpected(err)
}

// next passes the rest of this chunk and opens the following one.
func (c *pngChunks) next() error {
	if c.name != "" {
		if err := c.end(); err != nil {
			return err
		}
	}
	var top [8]byte
	if _, err := io.ReadFull(c.r, top[:]); err != nil {
		return unexpected(err)
	}
	c.left = binary.BigEndian.Uint32(top[:])
	if c.left > 1<<31-1 {
		return errors.New("png chunk of impossible length")
	}
	c.name = string(top[4:])
	c.crc = crc32.ChecksumIEEE(top[4:])
	return nil
}

func (c *pngChunks) end() error {
	if _, err := io.Copy(io.Discard, c); err != nil {
		return err
	}
	var sum [4]byte
	if _, err := io.ReadFull(c.r, sum[:]); err != nil {
		return unexpected(err)
	}
	if binary.BigEndian.Uint32(sum[:]) != c.crc {
		return errors.New("png chunk with a wrong checksum")
	}
	return nil
}

// Read gives the content of this chunk.
func (c *pngChunks) Read(p []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	n, err := c.r.Read(p[:min(len(p), int(c.left))])
	c.left -= uint32(n)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, p[:n])
	return n, unexpected(err)
}

// header reads IHDR, which must come first.
func (c *pngChunks) header() (*pngHead, error) {
	if err := c.next(); err != nil {
		return nil, err
	}
	if c.name != "IHDR" || c.left != 13 {
		return nil, errors.New("png without a header")
	}
	var b [13]byte
	if _, err := io.ReadFull(c, b[:]); err != nil {
		return nil, unexpected(err)
	}
	p := &pngHead{
		width: binary.BigEndian.Uint32(b[0:]), height: binary.BigEndian.Uint32(b[4:]),
		depth: b[8], colour: b[9], compress: b[10], prune: b[11], interlace: b[12],
	}
	if !p.valid() || p.width > 1<<31-1 || p.height > 1<<31-1 {
		return nil, errors.New("png header out of range")
	}
	return p, nil
}

// readPNGHead walks all chunks to IEND.
func readPNGHead(r *io.SectionReader) (*head, error) {
	c, err := newPNGChunks(r)
	if err != nil {
		return nil, err
	}
	p, err := c.header()
	if err != nil {
		return nil, err
	}
	h := &head{width: int(p.width), height: int(p.height), interlaced: p.interlace == 1}
	if h.interlaced {
		// image/png holds the whole picture and the largest of the seven passes,
		// which is half of it (PNG 8.2), at 4 or 8 bytes a pixel.
		h.perPixel = 2 * 6
		if p.depth == 16 {
			h.perPixel *= 2
		}
	}
	var seen notes
	pixels := false
	for {
		if err := c.next(); err != nil {
			return nil, err
		}
		switch c.name {
		case "IEND":
			if !pixels {
				return nil, errors.New("png without pixels")
			}
			return h, c.end()
		case "IDAT":
			pixels = true
			continue
		case "acTL": // APNG: the picture itself is what is shown where animations are not
			h.animated = true
		case "eXIf":
			exif, err := io.ReadAll(io.LimitReader(c, 64<<10))
			if err != nil {
				return nil, err
			}
			h.orientation = exifOrientation(exif)
		}
		if err := seen.add(int64(c.left) + 12); err != nil {
			return nil, err
		}
	}
}
