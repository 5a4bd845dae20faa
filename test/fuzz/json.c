/*-------------------------------------------------------------------------
 *
 * json.c
 *		Makes JSON of any text.
 *
 * Hardly a mutation of a JSON text is one again, and the server's parser, which is
 * not what is tested, would refuse nearly all of them.  So a text is read as if it
 * were JSON: what is missing is supplied, what cannot stand where it stands is
 * skipped.  JSON stays what it is.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "fuzz.h"

#include <ctype.h>

#include "common/jsonapi.h"

static void put_value(StringInfo out, const char **at);

/* Everything that can be left out between values. */
static void
skip(const char **at)
{
	while (**at != '\0' && strchr(" \t\r\n,:", **at) != NULL)
		(*at)++;
}

static bool
is_hexadecimal(const char *digits)
{
	for (int i = 0; i < 4; i++)
		if (!isxdigit((unsigned char) digits[i]))
			return false;
	return true;
}

/* The inside of a string up to its quote, which may be missing. */
static void
put_string(StringInfo out, const char **at)
{
	appendStringInfoChar(out, '"');
	for ((*at)++; **at != '\0' && **at != '"'; (*at)++)
	{
		if ((unsigned char) **at < ' ')
			appendStringInfo(out, "\\u%04x", **at);
		else if (**at != '\\')
			appendStringInfoChar(out, **at);
		else if (((*at)[1] == 'u' && is_hexadecimal(*at + 2)) ||
				 ((*at)[1] != '\0' && strchr("\"\\/bfnrt", (*at)[1]) != NULL))
		{
			appendBinaryStringInfo(out, *at, 2);
			(*at)++;
		}
		else
			appendStringInfoString(out, "\\\\");
	}
	if (**at == '"')
		(*at)++;
	appendStringInfoChar(out, '"');
}

/* A number, a literal, or a string without quotes, which ends at the first special character. */
static void
put_word(StringInfo out, const char **at)
{
	int			len = strcspn(*at, " \t\r\n,:{}[]\"");
	char	   *word = pnstrdup(*at, len);

	*at += len;
	if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0 || strcmp(word, "null") == 0 ||
		IsValidJsonNumber(word, len))
		appendStringInfoString(out, word);
	else
	{
		char	   *quoted = psprintf("\"%s\"", word);
		const char *from = quoted;

		put_string(out, &from);
	}
}

/* An array, or the keys and values of an object. */
static void
put_container(StringInfo out, const char **at, char end)
{
	bool		first = true;

	appendStringInfoChar(out, *(*at)++);
	for (;;)
	{
		skip(at);
		if (**at == '\0' || **at == '}' || **at == ']')
			break;
		if (!first)
			appendStringInfoChar(out, ',');
		first = false;
		if (end == '}')
		{
			if (**at == '"')
				put_string(out, at);
			else if (**at == '{' || **at == '[')
				appendStringInfoString(out, "\"\"");
			else
				put_word(out, at);
			appendStringInfoChar(out, ':');
			skip(at);
		}
		put_value(out, at);
	}
	if (**at != '\0')
		(*at)++;
	appendStringInfoChar(out, end);
}

static void
put_value(StringInfo out, const char **at)
{
	if (**at == '{')
		put_container(out, at, '}');
	else if (**at == '[')
		put_container(out, at, ']');
	else if (**at == '"')
		put_string(out, at);
	else if (**at == '\0' || **at == '}' || **at == ']')
		appendStringInfoString(out, "null");
	else
		put_word(out, at);
}

char *
fuzz_repair_json(const char *text)
{
	StringInfoData out;

	initStringInfo(&out);
	skip(&text);
	put_value(&out, &text);
	return out.data;
}
