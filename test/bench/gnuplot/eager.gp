set terminal svg size 720,460 font "sans-serif,13" background "white"
set output file
set xlabel "users in the tree, 10 orders each, 3 items each"
set ylabel "milliseconds a tree"
set logscale xy
set title "a tree of three levels, over one connection"
plot data using 1:2 with linespoints lt 1 title "N+1 prepared statements", \
	"" using 1:3 with linespoints lt 2 title "LATERAL and json\\_agg", \
	"" using 1:4 with linespoints lt 4 title "hotpath.embed"
