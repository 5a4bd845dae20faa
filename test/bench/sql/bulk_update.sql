-- rows per second of one UPDATE of the whole table :twin, its commit included
vacuum :twin;
checkpoint;
select clock_timestamp() as began \gset
update :twin set quantity = quantity + 1;
select :rows / extract(epoch from clock_timestamp() - :'began');
