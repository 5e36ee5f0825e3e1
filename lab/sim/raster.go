package sim

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	fix "golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// finer is how many dots of a raster a pixel has in each direction: screens and
// papers show more than one.
const finer = 2

// raster is a canvas that becomes a PNG picture.
type raster struct {
	picture *image.RGBA
	pen     *vector.Rasterizer
	font    *opentype.Font
	faces   map[float64]font.Face // by size
	err     error                 // the first of a face that cannot be had
}

func newRaster(width, height float64) (canvas, error) {
	parsed, err := opentype.Parse(goregular.TTF)
	if err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	w, h := int(math.Ceil(width*finer)), int(math.Ceil(height*finer))
	r := &raster{picture: image.NewRGBA(image.Rect(0, 0, w, h)), pen: vector.NewRasterizer(w, h), font: parsed, faces: map[float64]font.Face{}}
	draw.Draw(r.picture, r.picture.Bounds(), image.NewUniform(white), image.Point{}, draw.Src)
	return r, nil
}

// outline adds a closed shape to what the pen fills next.
func (r *raster) outline(corners ...point) {
	for i, c := range corners {
		x, y := float32(c.x*finer), float32(c.y*finer)
		if i == 0 {
			r.pen.MoveTo(x, y)
		} else {
			r.pen.LineTo(x, y)
		}
	}
	r.pen.ClosePath()
}

func (r *raster) fill(with color.RGBA) {
	r.pen.Draw(r.picture, r.picture.Bounds(), image.NewUniform(with), image.Point{})
	r.pen.Reset(r.picture.Bounds().Dx(), r.picture.Bounds().Dy())
}

func (r *raster) rect(x, y, width, height float64, fill color.RGBA) {
	r.outline(point{x, y}, point{x + width, y}, point{x + width, y + height}, point{x, y + height})
	r.fill(fill)
}

// line makes a rectangle of each piece, all with the same sense of rotation, so that
// where they overlap nothing is taken out; each is so much longer that corners close.
func (r *raster) line(points []point, width float64, stroke color.RGBA) {
	half := width / 2
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		long := math.Hypot(b.x-a.x, b.y-a.y)
		if long == 0 {
			continue
		}
		dx, dy := (b.x-a.x)/long*half, (b.y-a.y)/long*half
		a, b = point{a.x - dx/2, a.y - dy/2}, point{b.x + dx/2, b.y + dy/2}
		r.outline(point{a.x - dy, a.y + dx}, point{b.x - dy, b.y + dx}, point{b.x + dy, b.y - dx}, point{a.x + dy, a.y - dx})
	}
	r.fill(stroke)
}

func (r *raster) text(x, y float64, at anchor, size float64, words string) {
	face, ok := r.faces[size]
	if !ok {
		var err error
		if face, err = opentype.NewFace(r.font, &opentype.FaceOptions{Size: size * finer, DPI: 72}); err != nil {
			r.err = fmt.Errorf("make font: %w", err)
			return
		}
		r.faces[size] = face
	}
	d := font.Drawer{Dst: r.picture, Src: image.NewUniform(ink), Face: face}
	long := d.MeasureString(words)
	d.Dot = fix.Point26_6{X: fix.Int26_6(x * finer * 64), Y: fix.Int26_6(y * finer * 64)}
	switch at {
	case middle:
		d.Dot.X -= long / 2
	case ends:
		d.Dot.X -= long
	}
	d.DrawString(words)
}

func (r *raster) write(w io.Writer) error {
	if r.err != nil {
		return r.err
	}
	return png.Encode(w, r.picture)
}
