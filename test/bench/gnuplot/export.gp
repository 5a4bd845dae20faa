set terminal svg size 1100,450 font "sans-serif,12" background "white"
set output file
set multiplot layout 1,3
set bmargin 8.5
set xlabel "rows"
set logscale x
set format x "10^{%L}"
set yrange [0:*]
set key at screen 0.19, screen 0.01
set title "speed, by psql"
set ylabel "rows a second"
set format y "%.1s%c"
plot data using 1:2 with linespoints lt 1 title "SELECT row\\_to\\_json", \
	"" using 1:3 with linespoints lt 2 title "COPY (text)", \
	"" using 1:4 with linespoints lt 4 title "export\\_json"
set format y "%g"
set logscale y
set yrange [1:*]
set key at screen 0.52, screen 0.01
set title "memory of the server process"
set ylabel "MB"
plot data using 1:8 with linespoints lt 5 title "SELECT json\\_agg", \
	"" using 1:5 with linespoints lt 1 title "SELECT row\\_to\\_json", \
	"" using 1:6 with linespoints lt 2 title "COPY (text)", \
	"" using 1:7 with linespoints lt 4 title "export\\_json"
set key at screen 0.85, screen 0.01
set title "memory of psql"
plot data using 1:9 with linespoints lt 1 title "SELECT row\\_to\\_json", \
	"" using 1:10 with linespoints lt 2 title "COPY (text)", \
	"" using 1:11 with linespoints lt 3 title "export\\_json", \
	"" using 1:12 with linespoints lt 4 title "export\\_json, FETCH\\_COUNT 10"
unset multiplot
