package pdf

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	_ "image/jpeg" // logos are JPEG, or
	"image/png"
)

// maxPixels bounds a logo: a small file can unfold into gigabytes.
const maxPixels = 4_000_000

// normal returns a picture as the plain PNG that the library reads: its own decoder panics on a file that was cut off, and knows neither
// interlaced pictures nor 16 bits.
func normal(file []byte) ([]byte, error) {
	config, _, err := image.DecodeConfig(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("the logo is neither PNG nor JPEG: %w", err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > maxPixels/config.Height {
		return nil, fmt.Errorf("the logo is too large: %d x %d pixels", config.Width, config.Height)
	}
	picture, _, err := image.Decode(bytes.NewReader(file))
	if err != nil {
		return nil, fmt.Errorf("the logo is damaged: %w", err)
	}
	plain := image.NewNRGBA(image.Rect(0, 0, config.Width, config.Height))
	draw.Draw(plain, plain.Bounds(), picture, picture.Bounds().Min, draw.Src)
	var b bytes.Buffer
	err = png.Encode(&b, plain)
	return b.Bytes(), err
}
