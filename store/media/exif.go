package media

import "encoding/binary"

// exifOrientation finds tag 0x0112 in the first directory of a TIFF block
// (EXIF 2.3, 4.5 and 4.6.4.A), 0 if there is none or the block is damaged: a
// picture whose notes are broken is still a picture.
func exifOrientation(tiff []byte) int {
	if len(tiff) >= 6 && string(tiff[:6]) == "Exif\x00\x00" { // some WebP writers leave JPEG's prefix in
		tiff = tiff[6:]
	}
	if len(tiff) < 8 {
		return 0
	}
	var order binary.ByteOrder
	switch string(tiff[:4]) {
	case "II*\x00":
		order = binary.LittleEndian
	case "MM\x00*":
		order = binary.BigEndian
	default:
		return 0
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return 0
	}
	entries := int(order.Uint16(tiff[at:]))
	rest := tiff[at+2:]
	for ; entries > 0 && len(rest) >= 12; entries-- {
		if order.Uint16(rest) == 0x0112 {
			const short = 3
			if order.Uint16(rest[2:]) != short {
				return 0
			}
			return int(order.Uint16(rest[8:]))
		}
		rest = rest[12:]
	}
	return 0
}
