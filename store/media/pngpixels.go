package media

// expand turns the packed row into premultiplied RGBA with 8 bits.
func (p *pngRows) expand() {
	switch {
	case p.head.colour == pngPalette:
		for x := range int(p.head.width) {
			*(*[4]uint8)(p.out[4*x:]) = p.palette[p.packed(x)]
		}
	case p.head.colour == pngRGBA && p.head.depth == 8:
		premultiply(p.out, p.cur)
	case p.head.colour == pngRGB && p.head.depth == 8 && !p.hasTRNS:
		for i, j := 0, 0; i+3 <= len(p.cur); i, j = i+3, j+4 {
			p.out[j], p.out[j+1], p.out[j+2], p.out[j+3] = p.cur[i], p.cur[i+1], p.cur[i+2], 255
		}
	case p.head.depth < 8:
		p.expandPacked()
	default:
		p.expandWide()
	}
}

// packed is sample x of a row with 1, 2, 4 or 8 bits a sample (PNG 7.2).
func (p *pngRows) packed(x int) uint8 {
	depth := int(p.head.depth)
	bit := x * depth
	return p.cur[bit/8] >> (8 - depth - bit%8) & uint8(1<<depth-1)
}

// expandPacked is grey with fewer than 8 bits.
func (p *pngRows) expandPacked() {
	full := 255 / uint8(1<<p.head.depth-1)
	for x := range int(p.head.width) {
		v := p.packed(x)
		grey := v * full
		px := [4]uint8{grey, grey, grey, 255}
		if p.hasTRNS && uint16(v) == p.clear[0] {
			px = [4]uint8{}
		}
		*(*[4]uint8)(p.out[4*x:]) = px
	}
}

// expandWide is what remains: 8 and 16 bits, of which the upper 8 are used.
func (p *pngRows) expandWide() {
	size, channels := int(p.head.depth)/8, p.head.channels()
	var v [4]uint16
	for x := range int(p.head.width) {
		in := p.cur[x*size*channels:]
		for c := range channels {
			v[c] = uint16(in[c*size])
			if size == 2 {
				v[c] = v[c]<<8 | uint16(in[2*c+1])
			}
		}
		shift := 8 * (size - 1)
		r, g, b, a := v[0], v[1], v[2], uint16(1<<(8*size)-1)
		switch p.head.colour {
		case pngGrey:
			g, b = r, r
		case pngGreyAlpha:
			r, g, b, a = v[0], v[0], v[0], v[1]
		case pngRGBA:
			a = v[3]
		}
		if p.hasTRNS && r == p.clear[0] && (channels == 1 || (g == p.clear[1] && b == p.clear[2])) {
			a = 0
		}
		alpha := uint8(a >> shift)
		*(*[4]uint8)(p.out[4*x:]) = [4]uint8{
			scaleBy(uint8(r>>shift), alpha), scaleBy(uint8(g>>shift), alpha), scaleBy(uint8(b>>shift), alpha), alpha}
	}
}

// premultiply writes straight RGBA from src to dst. Averages are right only
// where colour counts as much as it covers.
func premultiply(dst, src []uint8) {
	for i := 0; i+4 <= len(src); i += 4 {
		s, d := src[i:i+4:i+4], dst[i:i+4:i+4]
		if a := s[3]; a == 255 {
			copy(d, s)
		} else {
			d[0], d[1], d[2], d[3] = scaleBy(s[0], a), scaleBy(s[1], a), scaleBy(s[2], a), a
		}
	}
}

func scaleBy(v, alpha uint8) uint8 { return uint8((uint32(v)*uint32(alpha) + 127) / 255) }
