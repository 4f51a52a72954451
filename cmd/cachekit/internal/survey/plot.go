package survey

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
)

// blue is one that people with any colour vision can tell from black.
var blue = color.RGBA{0x00, 0x72, 0xb2, 0xff}

// Plot writes the number of entries of each size as a picture, in SVG.
func (s *Survey) Plot(w io.Writer, title string) error {
	p := plot.New()
	p.Title.Text = title
	p.Y.Label.Text = "entries"
	p.X.Label.Text = "size of the entry, up to"
	p.Y.Min = 0
	var names []string
	values := make(plotter.Values, len(s.Sizes))
	for i, size := range s.Sizes {
		names = append(names, Bytes(size.UpTo))
		values[i] = float64(size.Entries)
	}
	if len(values) == 0 {
		names, values = []string{"nothing"}, plotter.Values{0}
	}
	const width, height = 18 * vg.Centimeter, 10 * vg.Centimeter
	bars, err := plotter.NewBarChart(values, width*2/3/font.Length(len(values)))
	if err != nil {
		return err
	}
	bars.Color = blue
	bars.LineStyle.Width = 0
	p.Add(bars)
	p.NominalX(names...)
	picture, err := p.WriterTo(width, height, "svg")
	if err != nil {
		return err
	}
	_, err = picture.WriteTo(w)
	return err
}

// Bytes is a size for people: exact where it is a whole number of a unit.
func Bytes(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB"}
	unit := 0
	size := float64(n)
	for size >= 1024 && unit < len(units)-1 {
		size /= 1024
		unit++
	}
	if size == float64(int64(size)) {
		return fmt.Sprintf("%d %s", int64(size), units[unit])
	}
	return fmt.Sprintf("%.1f %s", size, units[unit])
}
