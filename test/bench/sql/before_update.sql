-- All twins the same start, without dead rows. No checkpoint: full-page images after one would
-- hide a part of what is measured.
vacuum edit_plain, edit_cached;
select to_regclass('edit_idle') is not null as idle \gset
\if :idle
vacuum edit_idle;
\endif
