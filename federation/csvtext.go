package federation

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"dassie/web/reply"
)

const (
	// MaxCSV is how large a list that is brought in may be, in bytes …
	MaxCSV     = 10 << 20
	maxCSVRows = 50000    // … how many lines it may have …
	maxCSVLine = 64 << 10 // … and how long a line may be
)

// CSVCell is a cell as it is exported: a spreadsheet that opens the list takes it for
// text and not for a formula, by the apostrophe that OWASP advises (T40).
func CSVCell(cell string) string {
	if isFormula(strings.TrimLeft(cell, "'")) {
		return "'" + cell
	}
	return cell
}

// fromCSVCell takes that apostrophe off again.
func fromCSVCell(cell string) string {
	if rest, ok := strings.CutPrefix(cell, "'"); ok && isFormula(strings.TrimLeft(rest, "'")) {
		return rest
	}
	return cell
}

// isFormula says whether a spreadsheet would run a cell.
func isFormula(cell string) bool { return cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r") }

// runs says whether a cell that comes in is a formula, and not just a text that begins
// as one does, such as a handle, or a list called "-- friends --" (T40).
func runs(cell string) bool {
	return strings.HasPrefix(cell, "=") || isFormula(cell) && strings.ContainsAny(cell, "(|!")
}

// readCSVText reads a list whole, as text in UTF-8, and says in which encoding it came
// where that is not UTF-8.
func readCSVText(r io.Reader) (text []byte, encoding string, err error) {
	text, err = io.ReadAll(io.LimitReader(r, MaxCSV+1))
	if err != nil {
		return nil, "", fmt.Errorf("read the list: %w", err)
	}
	if len(text) > MaxCSV {
		return nil, "", reply.Errorf(reply.TooLarge, "A list may have %d MB; this file is larger. Nothing was taken from it.", MaxCSV>>20)
	}
	switch {
	case bytes.HasPrefix(text, []byte("\xff\xfe")):
		text, err = fromUTF16(text[2:], binary.LittleEndian)
		return text, "UTF-16", err
	case bytes.HasPrefix(text, []byte("\xfe\xff")):
		text, err = fromUTF16(text[2:], binary.BigEndian)
		return text, "UTF-16", err
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	switch {
	case bytes.HasPrefix(text, []byte("PK\x03\x04")):
		return nil, "", reply.Errorf(reply.Unprocessable, "This is a zip file or a spreadsheet, not a list. Save the table as CSV, in UTF-8.")
	case bytes.IndexByte(text, 0) >= 0:
		return nil, "", reply.Errorf(reply.Unprocessable, "This is not a text file, or one in an encoding that it does not name. Save it as CSV in UTF-8.")
	case utf8.Valid(text):
		return text, "", nil
	}
	return fromWindows1252(text), "Windows-1252", nil
}

func fromUTF16(text []byte, order binary.ByteOrder) ([]byte, error) {
	if len(text)%2 != 0 {
		return nil, reply.Errorf(reply.Unprocessable, "This file says that it is UTF-16, and breaks off within a letter. Save it as CSV in UTF-8.")
	}
	out := make([]byte, 0, len(text)/2+len(text)/8)
	for i := 0; i < len(text); i += 2 {
		r := rune(order.Uint16(text[i:]))
		if utf16.IsSurrogate(r) && i+4 <= len(text) {
			r = utf16.DecodeRune(r, rune(order.Uint16(text[i+2:])))
			i += 2
		}
		if r == 0 || r == utf8.RuneError || utf16.IsSurrogate(r) {
			return nil, reply.Errorf(reply.Unprocessable, "This file says that it is UTF-16, and is not. Save it as CSV in UTF-8.")
		}
		out = utf8.AppendRune(out, r)
	}
	return out, nil
}

// upper1252 are the letters of Windows-1252 from 0x80 to 0x9f; elsewhere it is Latin-1.
var upper1252 = []rune("€\ufffd‚ƒ„…†‡ˆ‰Š‹Œ\ufffdŽ\ufffd\ufffd‘’“”•–—˜™š›œ\ufffdžŸ")

// fromWindows1252 reads what spreadsheets on Windows write where nobody tells them
// otherwise. Handles and addresses are the same in it; titles may have letters that
// are not.
func fromWindows1252(text []byte) []byte {
	out := make([]byte, 0, len(text)+len(text)/8)
	for _, b := range text {
		r := rune(b)
		if b >= 0x80 && b < 0xa0 {
			r = upper1252[b-0x80]
		}
		out = utf8.AppendRune(out, r)
	}
	return out
}

// csvLines reads a list line by line, so that a broken quote costs one line and not
// the rest of the file: no cell of these lists holds the end of a line.
type csvLines struct {
	lines *bufio.Scanner
	text  *strings.Reader // the line that is read …
	cells *csv.Reader     // … by this, which is made once: it has a buffer of its own
	line  int
}

func newCSVLines(text []byte) *csvLines {
	s := bufio.NewScanner(bytes.NewReader(text))
	s.Buffer(make([]byte, 0, 4096), maxCSVLine)
	s.Split(anyLine)
	c := &csvLines{lines: s, text: strings.NewReader("")}
	c.cells = csv.NewReader(c.text)
	c.cells.Comma, c.cells.FieldsPerRecord, c.cells.TrimLeadingSpace = commaOf(text), -1, true
	return c
}

// commaOf is what stands between cells: spreadsheets write a semicolon where the
// comma is for decimals.
func commaOf(text []byte) rune {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	if bytes.IndexByte(first, ',') < 0 {
		for _, c := range []byte{';', '\t'} {
			if bytes.IndexByte(first, c) > 0 {
				return rune(c)
			}
		}
	}
	return ','
}

// anyLine splits at line feeds, carriage returns, and both together.
func anyLine(data []byte, atEOF bool) (advance int, token []byte, err error) {
	i := bytes.IndexAny(data, "\r\n")
	switch {
	case i < 0 && atEOF && len(data) > 0:
		return len(data), data, nil
	case i < 0:
		return 0, nil, nil
	case data[i] == '\n':
		return i + 1, data[:i], nil
	case i+1 < len(data) && data[i+1] == '\n':
		return i + 2, data[:i], nil
	case i+1 < len(data) || atEOF:
		return i + 1, data[:i], nil
	}
	return 0, nil, nil // whether a line feed follows is not read yet
}

// errQuotes is returned for a line whose quotes do not match, errFormula for one with
// a formula in it.
var (
	errQuotes  = errors.New("quotes do not match")
	errFormula = errors.New("a cell is a formula")
)

// next reads a line that is not empty. Errors: io.EOF, errQuotes, errFormula, and *reply.Error for
// a file that cannot be a list.
func (c *csvLines) next() (cells []string, raw string, err error) {
	for c.lines.Scan() {
		c.line++
		raw = c.lines.Text()
		if strings.TrimSpace(raw) == "" {
			continue
		}
		c.text.Reset(raw)
		if cells, err = c.cells.Read(); err != nil {
			return nil, raw, errQuotes
		}
		for i, cell := range cells {
			if cell = strings.TrimSpace(cell); runs(cell) {
				return nil, raw, errFormula
			}
			cells[i] = fromCSVCell(cell)
		}
		return cells, raw, nil
	}
	return nil, "", c.end()
}

// count reads on to the end, and says how many lines are not empty.
func (c *csvLines) count() (n int, err error) {
	for c.lines.Scan() {
		c.line++
		if len(bytes.TrimSpace(c.lines.Bytes())) > 0 {
			n++
		}
	}
	if err := c.end(); !errors.Is(err, io.EOF) {
		return n, err
	}
	return n, nil
}

// end is io.EOF, or why a file cannot be a list.
func (c *csvLines) end() error {
	if errors.Is(c.lines.Err(), bufio.ErrTooLong) {
		return reply.Errorf(reply.Unprocessable, "Line %d has more than %d KB. No line of such a list is so long: this is something else, and nothing was taken from it.", c.line+1, maxCSVLine>>10)
	}
	return io.EOF
}
