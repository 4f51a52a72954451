package survey

import (
	"fmt"
	"image/color"
	"io"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// blue is one that people with any colour vision can tell from black.
var blue = color.RGBA{0x00, 0x72, 0xb2, 0xff}

// panel is one bar chart of the picture.
type panel struct {
	title, label string
	names        []string
	values       plotter.Values
}

func (p *panel) add(name string, value float64) {
	p.names, p.values = append(p.names, name), append(p.values, value)
}

const (
	panelWidth, panelHeight = 18 * vg.Centimeter, 9 * vg.Centimeter
	headHeight              = 1.2 * vg.Centimeter
	mostKinds               = 6 // more would be too narrow for their names
	mostKeys                = 12
)

// Plot writes a picture, in SVG: how many entries there are of each size, how much each
// kind takes, which master keys opened how many, and what other levels would take.
func (s *Survey) Plot(w io.Writer, title string) error {
	panels := s.panels()
	height := headHeight + panelHeight*vg.Length(len(panels))
	picture := vgsvg.New(panelWidth, height)
	all := draw.New(picture)
	all.SetColor(color.White)
	all.Fill(all.Rectangle.Path())
	style := plot.New().Title.TextStyle
	style.Font.Size = vg.Points(14)
	style.XAlign, style.YAlign = draw.XCenter, draw.YCenter
	all.FillText(style, vg.Point{X: panelWidth / 2, Y: height - headHeight/2}, title)
	for i := range panels {
		bottom := panelHeight * vg.Length(len(panels)-1-i)
		at := draw.Crop(all, 0, 0, bottom, bottom+panelHeight-height)
		if err := panels[i].draw(at); err != nil {
			return err
		}
	}
	_, err := picture.WriteTo(w)
	return err
}

func (s *Survey) panels() []panel {
	sizes := panel{title: "Entries of up to so many bytes", label: "entries"}
	for _, size := range s.Sizes {
		sizes.add(Bytes(size.UpTo), float64(size.Entries))
	}
	kinds := panel{title: "What the entries are", label: "KiB"}
	others := 0.0
	for i, k := range s.Kinds {
		size := float64(k.Bytes) / 1024
		if i < mostKinds-1 || len(s.Kinds) == mostKinds {
			kinds.add(fmt.Sprintf("%s\n%s", k.Kind, k.State), size)
		} else {
			others += size
		}
	}
	if others > 0 {
		kinds.add("others", others)
	}
	keys := panel{title: "Which master key opened them", label: "entries"}
	for _, k := range s.Keys[:min(len(s.Keys), mostKeys)] {
		name := "current"
		if k.Index > 0 {
			name = fmt.Sprintf("old, %d", k.Index)
		}
		keys.add(name, float64(k.Entries))
	}
	levels := panel{title: "What other levels of compression would take", label: "% of now"}
	for _, l := range s.Levels {
		levels.add(fmt.Sprintf("level %d", l.Level), 100*(1-l.Saving()))
	}
	some := []panel{sizes}
	for _, p := range []panel{kinds, keys, levels} {
		if len(p.names) > 0 {
			some = append(some, p)
		}
	}
	return some
}

func (p *panel) draw(at draw.Canvas) error {
	if len(p.names) == 0 {
		p.add("nothing", 0)
	}
	chart := plot.New()
	chart.Title.Text = p.title
	chart.Y.Label.Text = p.label
	chart.Y.Min = 0
	bars, err := plotter.NewBarChart(p.values, min(panelWidth/2/vg.Length(len(p.values)), 2*vg.Centimeter))
	if err != nil {
		return err
	}
	bars.Color = blue
	bars.LineStyle.Width = 0
	chart.Add(bars)
	chart.Y.Max *= 1.05 // some room below the title
	chart.NominalX(p.names...)
	chart.Draw(draw.Crop(at, 0, -vg.Centimeter/2, 0, -vg.Centimeter/2))
	return nil
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
