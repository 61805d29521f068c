package media

import (
	"bufio"
	"compress/zlib"
	"errors"
	"io"
)

// pngRows decodes a PNG that is not interlaced row by row. image/png would hold
// the whole picture, 100 MB for 25 megapixels and twice that at 16 bits; two
// rows are enough for what comes after.
type pngRows struct {
	head    *pngHead
	palette [256][4]uint8 // premultiplied
	hasTRNS bool
	clear   [3]uint16 // the one transparent colour of grey and RGB (PNG 11.3.1.1)
	pixels  io.Reader
	chunks  *pngChunks
	filter  [1]byte
	cur     []byte // unfiltered, as packed in the file
	prev    []byte
	next    int // row that is decoded next
	out     []uint8
	outRow  int // row that out holds, -1 for none
}

func newPNGRows(r io.Reader) (*pngRows, error) {
	c, err := newPNGChunks(r)
	if err != nil {
		return nil, err
	}
	p := &pngRows{chunks: c, outRow: -1}
	if p.head, err = c.header(); err != nil {
		return nil, err
	}
	for i := range p.palette {
		p.palette[i] = [4]uint8{0, 0, 0, 255}
	}
	for {
		if err := c.next(); err != nil {
			return nil, err
		}
		if c.name == "IDAT" {
			break
		}
		if err := p.colours(); err != nil {
			return nil, err
		}
	}
	if p.pixels, err = zlib.NewReader(bufio.NewReader((*idatReader)(c))); err != nil {
		return nil, err
	}
	packed := (int(p.head.width)*p.head.bitsPerPixel() + 7) / 8
	p.cur, p.prev = make([]byte, packed), make([]byte, packed)
	p.out = make([]uint8, 4*int(p.head.width))
	return p, nil
}

// An idatReader joins the IDAT chunks, which follow one another (PNG 5.6).
type idatReader pngChunks

func (r *idatReader) Read(b []byte) (int, error) {
	c := (*pngChunks)(r)
	for c.left == 0 {
		if c.name != "IDAT" {
			return 0, io.EOF
		}
		if err := c.next(); err != nil {
			return 0, err
		}
	}
	if c.name != "IDAT" {
		return 0, io.EOF
	}
	return c.Read(b)
}

// colours reads PLTE and tRNS; other chunks are passed over by next.
func (p *pngRows) colours() error {
	c := p.chunks
	if c.name != "PLTE" && c.name != "tRNS" {
		return nil
	}
	if c.left > 3*256 {
		return errors.New("png palette too long")
	}
	data := make([]byte, c.left)
	if _, err := io.ReadFull(c, data); err != nil {
		return unexpected(err)
	}
	switch {
	case c.name == "PLTE":
		for i := range len(data) / 3 {
			copy(p.palette[i][:3], data[3*i:])
		}
	case p.head.colour == pngPalette:
		for i := range min(len(data), 256) {
			a := data[i]
			for j := range 3 {
				p.palette[i][j] = scaleBy(p.palette[i][j], a)
			}
			p.palette[i][3] = a
		}
	case p.head.colour == pngGrey || p.head.colour == pngRGB:
		if len(data) != 2*p.head.channels() {
			return errors.New("png transparency of odd length")
		}
		p.hasTRNS = true
		for i := range p.head.channels() {
			p.clear[i] = uint16(data[2*i])<<8 | uint16(data[2*i+1])
		}
	}
	return nil
}

// row gives row y as premultiplied RGBA. Rows are asked for in order; the last
// one may be asked for again.
func (p *pngRows) row(y int) ([]uint8, error) {
	for p.next <= y {
		if err := p.read(); err != nil {
			return nil, err
		}
	}
	if p.outRow != y {
		p.expand()
		p.outRow = y
	}
	return p.out, nil
}

// finish reads what is left, so that a truncated file is an error also when its
// lower part was not needed.
func (p *pngRows) finish() error {
	for p.next < int(p.head.height) {
		if err := p.read(); err != nil {
			return err
		}
	}
	n, err := p.pixels.Read(p.filter[:]) // the checksum is read with the end
	if n != 0 {
		return errors.New("png with more pixels than its size")
	}
	if err != nil && err != io.EOF {
		return err
	}
	return nil
}

func (p *pngRows) read() error {
	p.cur, p.prev = p.prev, p.cur
	if _, err := io.ReadFull(p.pixels, p.filter[:]); err != nil {
		return unexpected(err)
	}
	if _, err := io.ReadFull(p.pixels, p.cur); err != nil {
		return unexpected(err)
	}
	p.next++
	p.outRow = -1
	return unfilter(p.filter[0], p.cur, p.prev, max(1, p.head.bitsPerPixel()/8))
}

// unfilter undoes one row's filter, PNG 9.2. Above the first row lie zeros.
func unfilter(filter byte, cur, prev []byte, bytesPerPixel int) error {
	n := bytesPerPixel
	switch filter {
	case 0:
	case 1: // Sub
		for i := n; i < len(cur); i++ {
			cur[i] += cur[i-n]
		}
	case 2: // Up
		for i, up := range prev {
			cur[i] += up
		}
	case 3: // Average
		for i := range min(n, len(cur)) {
			cur[i] += prev[i] / 2
		}
		for i := n; i < len(cur); i++ {
			cur[i] += uint8((int(cur[i-n]) + int(prev[i])) / 2)
		}
	case 4: // Paeth
		for i := range min(n, len(cur)) {
			cur[i] += prev[i]
		}
		for i := n; i < len(cur); i++ {
			cur[i] += paeth(int(cur[i-n]), int(prev[i]), int(prev[i-n]))
		}
	default:
		return errors.New("unknown png filter")
	}
	return nil
}

// paeth is the predictor of PNG 9.4; in a tie left goes before up before corner.
func paeth(left, up, corner int) uint8 {
	toLeft, toUp, toCorner := up-corner, left-corner, left+up-2*corner
	toLeft, toUp, toCorner = max(toLeft, -toLeft), max(toUp, -toUp), max(toCorner, -toCorner)
	if toLeft <= toUp && toLeft <= toCorner {
		return uint8(left)
	}
	if toUp <= toCorner {
		return uint8(up)
	}
	return uint8(corner)
}
