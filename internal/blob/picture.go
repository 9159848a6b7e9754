package blob

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	_ "image/gif" // what Picture reads
	"image/jpeg"
	_ "image/png" // what Picture reads

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // what Picture reads
)

const (
	pictureSide = 320        // pixels of the longer side of a small picture
	mostPixels  = 24_000_000 // of a picture that is looked at: a few bytes of a file can claim any number
	mostSide    = 20_000
)

// Sketch makes a small picture of a kept one and keeps it, too. It is drawn anew
// from pixels: nothing that the file holds beside them (a place, a script, a
// broken header for somebody's viewer) comes along. A file of which no picture
// can be made gives the zero Content.
func (s *Shelf) Sketch(ctx context.Context, c Content) (Content, error) {
	select {
	case s.hands <- struct{}{}:
		defer func() { <-s.hands }()
	case <-ctx.Done():
		return Content{}, ctx.Err()
	}
	small, err := sketch(func() *Reader { return &Reader{Size: c.Size, shelf: s, ctx: ctx, id: c.ID} })
	if err != nil || small == nil {
		return Content{}, err
	}
	return s.Put(ctx, bytes.NewReader(small))
}

// sketch gives nil for what is no picture, is broken, or is too large to be looked at.
func sketch(open func() *Reader) ([]byte, error) {
	size, _, err := image.DecodeConfig(open())
	if broken(err) != nil {
		return nil, err
	}
	if err != nil || size.Width <= 0 || size.Height <= 0 || size.Width > mostSide || size.Height > mostSide || size.Width*size.Height > mostPixels {
		return nil, nil //nolint:nilerr // a picture that cannot be read has no small one
	}
	whole, _, err := image.Decode(open())
	if broken(err) != nil {
		return nil, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // as above
	}
	from := whole.Bounds()
	to := image.Rect(0, 0, from.Dx(), from.Dy())
	if long := max(from.Dx(), from.Dy()); long > pictureSide {
		to = image.Rect(0, 0, max(1, from.Dx()*pictureSide/long), max(1, from.Dy()*pictureSide/long))
	}
	small := image.NewRGBA(to)
	draw.Draw(small, to, image.White, image.Point{}, draw.Src) // what is transparent lies on paper
	draw.ApproxBiLinear.Scale(small, to, whole, from, draw.Over, nil)
	var b bytes.Buffer
	if err := jpeg.Encode(&b, small, &jpeg.Options{Quality: 82}); err != nil {
		return nil, fmt.Errorf("draw a small picture: %w", err)
	}
	return b.Bytes(), nil
}

// broken is the error if the shelf failed, and not the picture.
func broken(err error) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return nil
}
