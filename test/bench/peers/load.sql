-- A table for each way to answer; only the last is cached. With room for updates within a page.
create table peer.plain (like narrow including all) with (fillfactor = 80);
insert into peer.plain select * from narrow where id <= :rows;
create table peer.aside (like narrow including all) with (fillfactor = 80);
insert into peer.aside select * from narrow where id <= :rows;
create table peer.cached (like narrow including all) with (fillfactor = 80);
insert into peer.cached select * from narrow where id <= :rows;
vacuum (analyze, freeze) peer.plain, peer.aside, peer.cached;
select hotpath.cache_table('peer.cached');
