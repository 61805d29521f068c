package doctor

import (
	"context"
	"fmt"
	"io"
)

// Command writes the report, as text or as JSON. It is an error if a check failed.
func Command(ctx context.Context, c Config, asJSON bool, out io.Writer) error {
	r := Run(ctx, c)
	if asJSON {
		if err := r.JSON(out); err != nil {
			return err
		}
	} else {
		r.Text(out)
	}
	if n := r.Failed(); n > 0 {
		return fmt.Errorf("%d of %d checks failed", n, len(r.Rows))
	}
	return nil
}
