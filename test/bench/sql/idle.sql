-- Twins of edit_plain and bulk_plain with a row trigger of :library that does nothing.
create function bench.nothing() returns trigger language c as :'library', 'nothing';
create table edit_idle (like narrow including all) with (fillfactor = 80);
create table bulk_idle (like narrow including all);
insert into edit_idle select * from narrow where id <= :edit_rows;
insert into bulk_idle select * from narrow where id <= :bulk_rows;
create trigger nothing after insert or update or delete on edit_idle for each row execute function bench.nothing();
create trigger nothing after insert or update or delete on bulk_idle for each row execute function bench.nothing();
vacuum (analyze, freeze) edit_idle, bulk_idle;
