package media

import "math"

// A plane is width x height samples of n interleaved channels, without padding.
type plane struct {
	w, h, n int
	pix     []uint8
}

func newPlane(w, h, n int) plane { return plane{w: w, h: h, n: n, pix: make([]uint8, w*h*n)} }

func (p *plane) row(y int) ([]uint8, error) { return p.pix[y*p.w*p.n : (y+1)*p.w*p.n], nil }

// rows is a plane that is given row by row, in order; a row may be asked for
// twice in succession. What it returns is valid until the next call.
type rows struct {
	w, h, n int
	row     func(y int) ([]uint8, error)
}

func (p *plane) rows() rows { return rows{w: p.w, h: p.h, n: p.n, row: p.row} }

// area is a rectangle of a plane in samples, edges between samples allowed.
type area struct{ x0, y0, x1, y1 float64 }

// A span is what one result sample covers of a line of source samples: from
// first on, each with its share. The shares of a span sum to the whole exactly,
// so that white stays white.
type span struct {
	first  int
	shares []uint32
}

// spans divides from..to of a line of length samples into n parts.
func spans(from, to float64, length, n int, whole uint32) []span {
	to = min(to, float64(length))
	step := (to - from) / float64(n)
	all := make([]span, n)
	backing := make([]uint32, 0, n+int(to-from)+2*n+2)
	for i := range all {
		a := from + float64(i)*step
		b := a + step
		first := min(int(a+1e-6), length-1)
		last := min(max(int(math.Ceil(b-1e-6)), first+1), length)
		start, done := len(backing), uint32(0)
		for s := first; s < last; s++ {
			upTo := whole
			if s < last-1 {
				upTo = min(whole, uint32((float64(s+1)-a)/step*float64(whole)+0.5))
			}
			backing = append(backing, upTo-done)
			done = upTo
		}
		all[i] = span{first: first, shares: backing[start:len(backing):len(backing)]}
	}
	return all
}

// The accumulators hold a sample times tall (2^20 at most), then, reduced to 16
// bits, times wide: 255 * 2^8 * 2^16 stays under 2^32 with the rounding added.
const (
	tall = 1 << 12
	wide = 1 << 16
)

// shrink fills dst with the averages of an area of src (box filter). Lines are
// added up first and columns after, once per result line: that way the many
// source samples cost one multiplication each and only one line of them is held.
func shrink(dst *plane, src rows, a area) error {
	down := spans(a.y0, a.y1, src.h, dst.h, tall)
	across := spans(a.x0, a.x1, src.w, dst.w, wide)
	left := across[0].first
	end := across[dst.w-1]
	right := end.first + len(end.shares)
	for i := range across {
		across[i].first -= left
	}
	sum := make([]uint32, (right-left)*dst.n)
	for y, line := range down {
		clear(sum)
		for i, share := range line.shares {
			in, err := src.row(line.first + i)
			if err != nil {
				return err
			}
			addLine(sum, in[left*dst.n:right*dst.n], share)
		}
		for i, v := range sum {
			sum[i] = (v + 8) >> 4
		}
		out := dst.pix[y*dst.w*dst.n : (y+1)*dst.w*dst.n]
		if dst.n == 1 {
			average1(out, sum, across)
		} else {
			average4(out, sum, across)
		}
	}
	return nil
}

func addLine(sum []uint32, in []uint8, share uint32) {
	in = in[:len(sum)] // spares the bounds check below
	for i, v := range in {
		sum[i] += share * uint32(v)
	}
}

const half = 1 << 23

func average1(out []uint8, sum []uint32, across []span) {
	for x, s := range across {
		total := uint32(half)
		in := sum[s.first : s.first+len(s.shares)]
		for i, v := range in {
			total += s.shares[i] * v
		}
		out[x] = uint8(total >> 24)
	}
}

func average4(out []uint8, sum []uint32, across []span) {
	for x, s := range across {
		r, g, b, a := uint32(half), uint32(half), uint32(half), uint32(half)
		in := sum[4*s.first : 4*(s.first+len(s.shares))]
		for i, share := range s.shares {
			px := in[4*i : 4*i+4 : 4*i+4]
			r += share * px[0]
			g += share * px[1]
			b += share * px[2]
			a += share * px[3]
		}
		o := out[4*x : 4*x+4 : 4*x+4]
		o[0], o[1], o[2], o[3] = uint8(r>>24), uint8(g>>24), uint8(b>>24), uint8(a>>24)
	}
}
