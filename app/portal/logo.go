package portal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"image"
	"image/draw"
	_ "image/jpeg" // logos come as JPEG,
	"image/png"    // as PNG, or

	scale "golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // as WebP

	"allotment/app"
)

// What a logo may be as it is sent, and the box that it is drawn into: large enough for an invoice and a dense screen.
const (
	MaxLogoBytes  = 2 << 20
	maxLogoPixels = 16_000_000 // a small file can unfold into gigabytes
	logoWidth     = 800
	logoHeight    = 240
	iconSide      = 64
)

// drawnLogo is a logo as it is kept: a PNG that this program drew itself, so that it carries nothing but a picture.
type drawnLogo struct {
	png     []byte
	version string
	wide    bool
}

// drawLogo reads a picture and draws it anew, no larger than the box. SVG is refused: it is a program, not a picture.
//
// Errors: Invalid at the field logo.
func drawLogo(data []byte) (drawnLogo, error) {
	if len(data) > MaxLogoBytes {
		return drawnLogo{}, app.FieldError("logo", "Please choose a picture of at most 2 MB.")
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return drawnLogo{}, app.FieldError("logo", "Please choose a picture in PNG, JPEG or WebP format.")
	}
	if config.Width < 16 || config.Height < 16 || config.Width > maxLogoPixels/config.Height {
		return drawnLogo{}, app.FieldError("logo", "Please choose a picture between 16 pixels and 4,000 pixels on each side.")
	}
	picture, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return drawnLogo{}, app.FieldError("logo", "This picture is damaged. Please save it again and choose it once more.")
	}
	return encode(fit(picture, logoWidth, logoHeight))
}

func encode(picture image.Image) (drawnLogo, error) {
	var out bytes.Buffer
	if err := png.Encode(&out, picture); err != nil {
		return drawnLogo{}, err
	}
	if out.Len() > 512<<10 {
		return drawnLogo{}, app.FieldError("logo", "This picture has too many colours for a logo. Please choose a simpler one.")
	}
	sum, size := sha256.Sum256(out.Bytes()), picture.Bounds().Size()
	return drawnLogo{out.Bytes(), hex.EncodeToString(sum[:]), size.X > size.Y*2}, nil
}

// fit draws a picture within a box, smaller where it must be and never larger.
func fit(picture image.Image, width, height int) *image.NRGBA {
	size := picture.Bounds().Size()
	ratio := min(1, float64(width)/float64(size.X), float64(height)/float64(size.Y))
	box := image.Rect(0, 0, max(1, int(float64(size.X)*ratio)), max(1, int(float64(size.Y)*ratio)))
	drawn := image.NewNRGBA(box)
	if ratio == 1 {
		draw.Draw(drawn, box, picture, picture.Bounds().Min, draw.Src)
		return drawn
	}
	scale.CatmullRom.Scale(drawn, box, picture, picture.Bounds(), scale.Src, nil)
	return drawn
}

// Logo returns a brand's logo, a PNG, by the name that Brand gives it. The name is the permission: only those know it who were shown it.
func (p *Portal) Logo(ctx context.Context, name string) ([]byte, error) {
	return p.store.Logo(ctx, name)
}

// LogoIcon returns a logo as a small square PNG, for a browser's tab.
func (p *Portal) LogoIcon(ctx context.Context, name string) ([]byte, error) {
	data, err := p.store.Logo(ctx, name)
	if err != nil {
		return nil, err
	}
	logo, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	small := fit(logo, iconSide, iconSide)
	square, size := image.NewNRGBA(image.Rect(0, 0, iconSide, iconSide)), small.Bounds().Size()
	corner := image.Pt((iconSide-size.X)/2, (iconSide-size.Y)/2)
	draw.Draw(square, small.Bounds().Add(corner), small, image.Point{}, draw.Src)
	var out bytes.Buffer
	err = png.Encode(&out, square)
	return out.Bytes(), err
}
