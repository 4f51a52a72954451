package report

import (
	"bytes"
	"fmt"
	"image/color"
	"math"
	"os"
	"path/filepath"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/cachekit-go/cachekit-core/bench/internal/results"
)

// Colours that readers with any colour vision can tell apart (Okabe and Ito), and a shape each for print.
var (
	colours = map[string]color.Color{
		"ours": color.RGBA{0, 114, 178, 255}, "R": color.RGBA{213, 94, 0, 255}, "H": color.RGBA{0, 158, 115, 255},
	}
	shapes = map[string]draw.GlyphDrawer{"ours": draw.CircleGlyph{}, "R": draw.SquareGlyph{}, "H": draw.TriangleGlyph{}}
)

const (
	panelWidth  = 12 * vg.Centimeter
	panelHeight = 8.5 * vg.Centimeter
)

// Plots writes one picture per operation, and one for keys and handles, into dir.
func Plots(r *results.Run, dir string) error {
	for _, op := range r.Ops() {
		if len(r.Sizes(op)) == 0 {
			continue
		}
		var rows [][]*plot.Plot
		for _, kind := range r.Kinds(op) {
			name := title(op)
			if len(r.Kinds(op)) > 1 {
				name = op + ", " + kind
			}
			speed, err := speedPanel(r, op, kind, name)
			if err != nil {
				return err
			}
			row := []*plot.Plot{speed}
			if len(participants(r, op, kind)) > 1 {
				ratios, err := ratioPanel(r, op, kind)
				if err != nil {
					return err
				}
				row = append(row, ratios)
			}
			rows = append(rows, row)
		}
		if err := save(rows, filepath.Join(dir, op+".svg")); err != nil {
			return err
		}
	}
	keys, err := keysPanel(r)
	if err != nil {
		return err
	}
	return save([][]*plot.Plot{{keys}}, filepath.Join(dir, "keys.svg"))
}

func save(rows [][]*plot.Plot, path string) error {
	columns := len(rows[0])
	canvas := vgsvg.New(panelWidth*vg.Length(columns), panelHeight*vg.Length(len(rows)))
	area := draw.New(canvas)
	area.SetColor(color.White)
	area.Fill(area.Rectangle.Path())
	tiles := draw.Tiles{Rows: len(rows), Cols: columns, PadX: vg.Points(14), PadY: vg.Points(14), PadTop: vg.Points(6),
		PadBottom: vg.Points(6), PadLeft: vg.Points(6), PadRight: vg.Points(12)}
	for i, row := range plot.Align(rows, tiles, area) {
		for j, tile := range row {
			rows[i][j].Draw(tile)
		}
	}
	picture := new(bytes.Buffer)
	if _, err := canvas.WriteTo(picture); err != nil {
		return err
	}
	declaration, drawing, ok := bytes.Cut(picture.Bytes(), []byte("?>\n"))
	if !ok {
		return fmt.Errorf("%s: no XML declaration to put a comment behind", path)
	}
	return os.WriteFile(path, fmt.Appendf(nil, "%s?>\n%s%s", declaration, generated, drawing), 0o644)
}

// participants are those that have numbers for an operation.
func participants(r *results.Run, op, kind string) []string {
	var all []string
	for _, who := range r.Contestants() {
		for _, c := range r.Cells {
			if c.Op == op && c.Kind == kind && c.Who == who {
				all = append(all, who)
				break
			}
		}
	}
	return all
}

// newPanel has the same small sans-serif everywhere. Labels stay short and start at a fixed left edge, since a viewer that lacks
// the font puts in a wider one.
func newPanel(name string) *plot.Plot {
	p := plot.New()
	p.Title.Text = name
	p.Title.Padding = vg.Points(4)
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = vg.Points(2)
	p.Legend.XOffs = vg.Points(4)
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.X.Label.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label,
		&p.Y.Tick.Label, &p.Legend.TextStyle} {
		style.Font.Typeface, style.Font.Variant, style.Font.Size = "Liberation", "Sans", vg.Points(9)
	}
	p.Title.TextStyle.Font.Size = vg.Points(10)
	return p
}

// brief is a size as a tick shows it.
func brief(size int) string {
	switch {
	case size >= 1<<20:
		return fmt.Sprintf("%d M", size>>20)
	case size >= 1<<10:
		return fmt.Sprintf("%d K", size>>10)
	}
	return fmt.Sprint(size)
}

func sizePanel(r *results.Run, op, name, unit string) *plot.Plot {
	p := newPanel(name)
	p.X.Scale = plot.LogScale{}
	p.X.Label.Text = "payload, bytes"
	p.Y.Label.Text = unit
	var ticks []plot.Tick
	for _, size := range r.Sizes(op) {
		ticks = append(ticks, plot.Tick{Value: float64(size), Label: brief(size)})
	}
	p.X.Tick.Marker = plot.ConstantTicks(ticks)
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{225}, color.Gray{225}
	p.Add(grid)
	return p
}

func addLine(p *plot.Plot, points plotter.XYs, who, label string) error {
	line, marks, err := plotter.NewLinePoints(points)
	if err != nil {
		return err
	}
	line.Color, marks.Color = colours[who], colours[who]
	line.Width = vg.Points(1.5)
	marks.Shape, marks.Radius = shapes[who], vg.Points(2.5)
	p.Add(line, marks)
	p.Legend.Add(label, line, marks)
	return nil
}

// speedPanel shows payload bytes a second, or the time of a call where that does not depend on the size.
func speedPanel(r *results.Run, op, kind, name string) (*plot.Plot, error) {
	unit, scale := "GB/s", func(c results.Cell) float64 { return float64(c.Size) / c.NS }
	if op == "inspect" {
		unit, scale = "ns a call", func(c results.Cell) float64 { return c.NS }
	}
	p := sizePanel(r, op, name, unit)
	low, high := 0.0, 0.0
	for _, who := range participants(r, op, kind) {
		var points plotter.XYs
		for _, size := range r.Sizes(op) {
			if c, ok := r.Cell(op, kind, size, who); ok {
				y := scale(c)
				points = append(points, plotter.XY{X: float64(size), Y: y})
				if low == 0 || y < low {
					low = y
				}
				high = max(high, y)
			}
		}
		if err := addLine(p, points, who, who); err != nil {
			return nil, err
		}
	}
	// The legend gets a strip of its own above the data.
	p.Y.Min, p.Y.Max, p.Y.Tick.Marker = 0, high*1.35, plot.TickerFunc(plainTicks)
	if op != "inspect" { // whose time does not grow with the size
		p.Y.Scale, p.Y.Tick.Marker = plot.LogScale{}, logTicks{}
		p.Y.Min, p.Y.Max = low/1.2, high*1.3*math.Pow(high/low, 0.3)
	}
	return p, nil
}

// ratioPanel shows how many times as long the others take.
func ratioPanel(r *results.Run, op, kind string) (*plot.Plot, error) {
	p := sizePanel(r, op, "peer time / our time: above 1 ours is faster", "times as long")
	one := plotter.NewFunction(func(float64) float64 { return 1 })
	one.Color, one.Width = color.Gray{90}, vg.Points(1)
	p.Add(one)
	high := 1.0
	for _, who := range participants(r, op, kind) {
		if who == "ours" {
			continue
		}
		var points plotter.XYs
		for _, size := range r.Sizes(op) {
			if c, ok := r.Cell(op, kind, size, who); ok {
				points = append(points, plotter.XY{X: float64(size), Y: c.Ratio})
				high = max(high, c.Ratio)
			}
		}
		if err := addLine(p, points, who, who); err != nil {
			return nil, err
		}
	}
	p.Y.Min, p.Y.Max = 0, high*1.35
	return p, nil
}

// keysPanel shows the operations without a payload as bars.
func keysPanel(r *results.Run) (*plot.Plot, error) {
	p := newPanel("Keys and handles")
	p.Y.Label.Text = "µs a call"
	var labels []string
	values := map[string]plotter.Values{}
	high := 0.0
	for _, op := range r.Ops() {
		if len(r.Sizes(op)) > 0 {
			continue
		}
		labels = append(labels, shortLabels[op])
		for _, who := range r.Contestants() {
			c, _ := r.Cell(op, "", 0, who) // a bar of no height where there is nothing to show
			values[who] = append(values[who], c.NS/1e3)
			high = max(high, c.NS/1e3)
		}
	}
	width := vg.Points(14)
	contestants := r.Contestants()
	for i, who := range contestants {
		bars, err := plotter.NewBarChart(values[who], width)
		if err != nil {
			return nil, fmt.Errorf("bars of %s: %w", who, err)
		}
		bars.Color, bars.LineStyle.Width = colours[who], 0
		bars.Offset = width * vg.Length(2*i-len(contestants)+1) / 2
		p.Add(bars)
		p.Legend.Add(who, bars)
	}
	p.NominalX(labels...)
	p.Y.Max = high * 1.35
	return p, nil
}

var shortLabels = map[string]string{
	"derive_key": "derive\none key", "derive_tenant_keys": "tenant's\nthree keys", "encryptor_new_free": "encryptor\nnew + free",
	"keyring_new_free": "keyring\nnew + free", "byte_storage_new_free": "storage\nnew + free",
}

// plainTicks are the usual ones without trailing zeros.
func plainTicks(low, high float64) []plot.Tick {
	ticks := plot.DefaultTicks{}.Ticks(low, high)
	for i, t := range ticks {
		if t.Label != "" {
			ticks[i].Label = fmt.Sprintf("%.4g", t.Value)
		}
	}
	return ticks
}

// logTicks labels 1, 2 and 5 of each decade in plain numbers, and more of them where the range is narrow.
type logTicks struct{}

func (logTicks) Ticks(low, high float64) []plot.Tick {
	digits := []float64{1, 2, 5}
	if high/low < 10 {
		digits = []float64{1, 1.5, 2, 3, 4, 5, 6, 8}
	}
	var ticks []plot.Tick
	for decade := 1e-4; decade < 1e12; decade *= 10 {
		for _, digit := range digits {
			if v := decade * digit; v >= low && v <= high {
				ticks = append(ticks, plot.Tick{Value: v, Label: fmt.Sprintf("%.4g", v)})
			}
		}
	}
	return ticks
}
