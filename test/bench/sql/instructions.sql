do $$ declare r narrow; j json; begin for i in 1 .. 1000 loop select * into r from narrow where id = i; select row_to_json(narrow) into j from narrow where id = i; r := hotpath.get(null::narrow, i); j := hotpath.get_json('narrow', i); r := hotpath.get(null::narrow, i); end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. :loops loop k := 1 + i % 1000; end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. 2 * :loops loop k := 1 + i % 1000; end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. :loops loop k := 1 + i % 1000; r := hotpath.get(null::narrow, k); end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. 2 * :loops loop k := 1 + i % 1000; r := hotpath.get(null::narrow, k); end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. :loops loop k := 1 + i % 1000; select * into r from narrow where id = k; end loop; end $$
do $$ declare r narrow; k integer; begin for i in 1 .. 2 * :loops loop k := 1 + i % 1000; select * into r from narrow where id = k; end loop; end $$
do $$ declare j json; k integer; begin for i in 1 .. :loops loop k := 1 + i % 1000; j := hotpath.get_json('narrow', k); end loop; end $$
do $$ declare j json; k integer; begin for i in 1 .. 2 * :loops loop k := 1 + i % 1000; j := hotpath.get_json('narrow', k); end loop; end $$
do $$ declare j json; k integer; begin for i in 1 .. :loops loop k := 1 + i % 1000; select row_to_json(narrow) into j from narrow where id = k; end loop; end $$
do $$ declare j json; k integer; begin for i in 1 .. 2 * :loops loop k := 1 + i % 1000; select row_to_json(narrow) into j from narrow where id = k; end loop; end $$
select sum(hits) as hits from hotpath.cache_stats
