set terminal svg size 720,460 font "sans-serif,13" background "white"
set output file
set xlabel "rows before the page"
set ylabel "milliseconds a page of 50 rows"
set logscale xy
set format x "10^{%L}"
set title "a page at growing depth"
plot data using 1:2 with linespoints lt 1 title "OFFSET", \
	"" using 1:3 with linespoints lt 2 title "keyset SQL by hand, with cursors", \
	"" using 1:4 with linespoints lt 4 title "hotpath.page"
