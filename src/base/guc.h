/*-------------------------------------------------------------------------
 *
 * guc.h
 *		Every configuration parameter of the extension, sorted by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_GUC_H
#define HP_GUC_H

extern int	hp_guc_batch_size;
extern int	hp_guc_cache_size_kb;
extern char *hp_guc_cursor_secret;	/* NULL until set */
extern int	hp_guc_cursor_ttl_s;
extern int	hp_guc_default_page_size;
extern bool hp_guc_enabled;
extern int	hp_guc_max_embed_depth;
extern int	hp_guc_max_entry_size_kb;
extern int	hp_guc_max_page_size;

/* In bytes. */
static inline Size
hp_guc_max_entry_size(void)
{
	return (Size) hp_guc_max_entry_size_kb * 1024;
}

extern void hp_guc_init(void);

/* Set any parameter until the end of the current NewGUCNestLevel(). */
extern void hp_guc_set(const char *name, const char *value);

#endif							/* HP_GUC_H */
