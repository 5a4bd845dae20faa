/*-------------------------------------------------------------------------
 *
 * guc.h
 *		Every configuration parameter of the extension, sorted by name.
 *
 *-------------------------------------------------------------------------
 */
#ifndef HP_GUC_H
#define HP_GUC_H

extern int	hp_guc_cache_size_kb;
extern bool hp_guc_enabled;
extern int	hp_guc_max_entry_size_kb;

extern void hp_guc_init(void);

#endif							/* HP_GUC_H */
