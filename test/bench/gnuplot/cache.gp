set terminal svg size 900,440 font "sans-serif,13" background "white"
set output file
set multiplot layout 1,2
set bmargin 8.5
set xlabel "clients"
set ylabel "microseconds a read (1 / throughput)"
set logscale x 2
set xrange [0.9:9]
set yrange [0:*]
set key at screen 0.27, screen 0.01
set title "over a connection, prepared"
plot data using 1:2 with linespoints lt 1 title "SELECT by key", \
	"" using 1:3 with linespoints lt 2 title "SELECT row\\_to\\_json", \
	"" using 1:4 with linespoints lt 3 title "hotpath.get", \
	"" using 1:5 with linespoints lt 4 title "hotpath.get\\_json"
set key at screen 0.77, screen 0.01
set title "in a PL/pgSQL loop"
plot data using 1:6 with linespoints lt 1 title "SELECT INTO", \
	"" using 1:7 with linespoints lt 2 title "SELECT row\\_to\\_json INTO", \
	"" using 1:8 with linespoints lt 3 title "hotpath.get", \
	"" using 1:9 with linespoints lt 4 title "hotpath.get\\_json"
unset multiplot
