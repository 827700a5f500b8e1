package devicekit

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"

	"github.com/boombuler/barcode/qr"
)

// quietZone is the white border that readers need, in modules (ISO/IEC 18004).
const quietZone = 4

// maxQR is the largest width of a QR code, in pixels.
const maxQR = 4096

// QR returns a PNG of size by size pixels with the QR code of text, error
// correction level M. Each module is a whole number of pixels, and what is left
// over widens the white border. It fails when size is too small for the text or
// over 4,096, or the text is longer than QR codes hold.
func QR(text string, size int) ([]byte, error) {
	code, err := qr.Encode(text, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("make QR code: %w", err)
	}
	modules := code.Bounds().Dx()
	scale := size / (modules + 2*quietZone)
	switch {
	case scale < 1:
		return nil, fmt.Errorf("make QR code: %d pixels are too few: this text needs %d", size, modules+2*quietZone)
	case size > maxQR:
		return nil, fmt.Errorf("make QR code: %d pixels are too many: at most %d are possible", size, maxQR)
	}
	picture := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	border := (size - modules*scale) / 2
	for y := range modules * scale {
		for x := range modules * scale {
			if r, _, _, _ := code.At(x/scale, y/scale).RGBA(); r == 0 {
				picture.SetColorIndex(border+x, border+y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, fmt.Errorf("make QR code: %w", err)
	}
	return b.Bytes(), nil
}
