# What all plots have in common. Called with data (the figures, with a head line) and file (the SVG).
set datafile separator "\t"
set key autotitle columnhead
set encoding utf8
set border 3 linecolor rgb "#555555"
set tics nomirror textcolor rgb "#333333"
set grid linecolor rgb "#dddddd" linetype 1
set key at screen 0.5, screen 0.01 bottom center horizontal reverse Left samplen 2 maxcols 1
set bmargin 7.5
# plain SQL in greys and blues, peers in orange, pg_hotpath in greens
set linetype 1 linecolor rgb "#7f7f7f" linewidth 2 pointtype 7 pointsize 0.6
set linetype 2 linecolor rgb "#1f77b4" linewidth 2 pointtype 5 pointsize 0.6
set linetype 3 linecolor rgb "#2ca02c" linewidth 2 pointtype 9 pointsize 0.8
set linetype 4 linecolor rgb "#0b5d1e" linewidth 2 pointtype 11 pointsize 0.8
set linetype 5 linecolor rgb "#e07b00" linewidth 2 pointtype 13 pointsize 0.8
