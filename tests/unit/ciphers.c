/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Unit tests of tls/ciphers. What strings come to is what `openssl ciphers -v` of OpenSSL 3.0 says,
 * without the suites that are not in our table (-s as well where @SECLEVEL asks for more than 2).
 */
#include "tls/ciphers.h"

#include <criterion/criterion.h>
#include <string.h>

#define MOZILLA_MODERN                                                                             \
	"ECDHE-ECDSA-AES128-GCM-SHA256"                                                            \
	":ECDHE-RSA-AES128-GCM-SHA256"                                                             \
	":ECDHE-ECDSA-AES256-GCM-SHA384"                                                           \
	":ECDHE-RSA-AES256-GCM-SHA384"                                                             \
	":ECDHE-ECDSA-CHACHA20-POLY1305"                                                           \
	":ECDHE-RSA-CHACHA20-POLY1305"                                                             \
	":DHE-RSA-AES128-GCM-SHA256"                                                               \
	":DHE-RSA-AES256-GCM-SHA384"
#define MOZILLA_INTERMEDIATE                                                                       \
	MOZILLA_MODERN                                                                             \
	":DHE-RSA-CHACHA20-POLY1305"
#define MOZILLA_OLD                                                                                \
	MOZILLA_INTERMEDIATE                                                                       \
	":ECDHE-ECDSA-AES128-SHA256"                                                               \
	":ECDHE-RSA-AES128-SHA256"                                                                 \
	":ECDHE-ECDSA-AES128-SHA"                                                                  \
	":ECDHE-RSA-AES128-SHA"                                                                    \
	":ECDHE-ECDSA-AES256-SHA384"                                                               \
	":ECDHE-RSA-AES256-SHA384"                                                                 \
	":ECDHE-ECDSA-AES256-SHA"                                                                  \
	":ECDHE-RSA-AES256-SHA"                                                                    \
	":DHE-RSA-AES128-SHA256"                                                                   \
	":DHE-RSA-AES256-SHA256"                                                                   \
	":AES128-GCM-SHA256"                                                                       \
	":AES256-GCM-SHA384"                                                                       \
	":AES128-SHA256"                                                                           \
	":AES256-SHA256"                                                                           \
	":AES128-SHA"                                                                              \
	":AES256-SHA"                                                                              \
	":DES-CBC3-SHA"

/* A letter for each suite, in the order of ALL. */
static const struct {
	char letter;
	const char *name;
} letters[] = {
	{'A', "ECDHE-ECDSA-AES256-GCM-SHA384"},
	{'B', "ECDHE-RSA-AES256-GCM-SHA384"},
	{'C', "DHE-RSA-AES256-GCM-SHA384"},
	{'D', "ECDHE-ECDSA-CHACHA20-POLY1305"},
	{'E', "ECDHE-RSA-CHACHA20-POLY1305"},
	{'F', "DHE-RSA-CHACHA20-POLY1305"},
	{'G', "ECDHE-ECDSA-AES256-CCM8"},
	{'H', "ECDHE-ECDSA-AES128-GCM-SHA256"},
	{'I', "ECDHE-RSA-AES128-GCM-SHA256"},
	{'J', "DHE-RSA-AES128-GCM-SHA256"},
	{'K', "ECDHE-ECDSA-AES128-CCM8"},
	{'L', "ECDHE-ECDSA-AES128-CCM"},
	{'M', "ECDHE-ECDSA-AES256-SHA384"},
	{'N', "ECDHE-RSA-AES256-SHA384"},
	{'O', "DHE-RSA-AES256-SHA256"},
	{'P', "ECDHE-ECDSA-AES128-SHA256"},
	{'Q', "ECDHE-RSA-AES128-SHA256"},
	{'R', "DHE-RSA-AES128-SHA256"},
	{'S', "ECDHE-ECDSA-AES256-SHA"},
	{'T', "ECDHE-RSA-AES256-SHA"},
	{'U', "DHE-RSA-AES256-SHA"},
	{'V', "ECDHE-ECDSA-AES128-SHA"},
	{'W', "ECDHE-RSA-AES128-SHA"},
	{'X', "DHE-RSA-AES128-SHA"},
	{'Y', "AES256-GCM-SHA384"},
	{'Z', "AES256-CCM8"},
	{'a', "AES128-GCM-SHA256"},
	{'b', "AES128-CCM8"},
	{'c', "AES256-SHA256"},
	{'d', "AES128-SHA256"},
	{'e', "AES256-SHA"},
	{'f', "AES128-SHA"},
};

static const struct {
	struct str text;
	const char *list;
} facts[] = {
	{STR_INIT("ALL"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("DEFAULT"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("HIGH:!aNULL:!MD5"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH:!ADH:!MD5:@STRENGTH"), "ABCDEFGMNOSTUYZceHIJKLPQRVWXabdf"},
	{STR_INIT("ECDHE+AESGCM:ECDHE+CHACHA20"), "ABHIDE"},
	{STR_INIT("EECDH+AESGCM:EDH+AESGCM"), "ABHICJ"},
	{STR_INIT("EECDH+CHACHA20:EECDH+AES128:RSA+AES128:EECDH+AES256:RSA+AES256:EECDH+3DES:RSA+"
		  "3DES:!MD5"),
	 "DEHIKLPQVWabdfABGMNSTYZce"},
	{STR_INIT(MOZILLA_MODERN), "HIABDEJC"},
	{STR_INIT(MOZILLA_INTERMEDIATE), "HIABDEJCF"},
	{STR_INIT(MOZILLA_OLD), "HIABDEJCFPQVWMNSTROaYdcfe"},
	{STR_INIT("ALL:!ADH:!EXPORT56:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP"),
	 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("ALL:!ADH:!LOW:!SSLv2:!EXP:+HIGH:+MEDIUM"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("ALL:!aNULL:!ADH:!eNULL:!LOW:!EXP:RC4+RSA:+HIGH:+MEDIUM"),
	 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("kRSA"), "YZabcdef"},
	{STR_INIT("DHE-RSA-AES128-SHA:+kRSA:kRSA:AES128"), "XYZabcdefHIJKLPQRVW"},
	{STR_INIT("HIGH:+kRSA"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH:-AES256"), "DEFHIJKLPQRVWXabdf"},
	{STR_INIT("HIGH:-AES256:AES256"), "DEFHIJKLPQRVWXabdfABCGMNOSTUYZce"},
	{STR_INIT("HIGH:-AES256:-AES128:ALL"), "DEFHIJKLPQRVWXabdfABCGMNOSTUYZce"},
	{STR_INIT("HIGH:!kRSA:!CBC:+CHACHA20"), "ABCGHIJKLDEF"},
	{STR_INIT("HIGH:!AES256:AES256:CHACHA20"), "DEFHIJKLPQRVWXabdf"},
	{STR_INIT("AES256:AES128:-SHA:SHA1"), "ABCGMNOYZcHIJKLPQRabdSTUeVWXf"},
	{STR_INIT("HIGH:@STRENGTH"), "ABCDEFGMNOSTUYZceHIJKLPQRVWXabdf"},
	{STR_INIT("AES128:AES256:@STRENGTH"), "ABCGMNOSTUYZceHIJKLPQRVWXabdf"},
	{STR_INIT("AES128:CHACHA20:@STRENGTH:+AESGCM"), "DEFKLPQRVWXbdfHIJa"},
	{STR_INIT("CHACHA20:AES128:AES256:@STRENGTH:+DHE"), "DEABGMNSTYZceHIKLPQVWabdfFCOUJRX"},
	{STR_INIT("@STRENGTH:HIGH"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("DEFAULT:!kRSA"), "ABCDEFHIJMNOPQRSTUVWX"},
	{STR_INIT("DEFAULT@SECLEVEL=1"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("DEFAULT:@SECLEVEL=0"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("DEFAULT:+AES128:-CHACHA20:CHACHA20"), "ABCMNOSTUYceHIJPQRVWXadfDEF"},
	{STR_INIT("DEFAULTx:AES128-SHA"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("DEFAULTAES128-CCM8"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("HIGH:DEFAULT"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("ALL:!COMPLEMENTOFDEFAULT:COMPLEMENTOFDEFAULT"), "ABCDEFHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("ALL:COMPLEMENTOFALL"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("AES256-SHA:DEFAULT"), "e"},
	{STR_INIT("COMPLEMENTOFDEFAULT"), "GKLZb"},
	{STR_INIT("COMPLEMENTOFDEFAULT:AES"), "GKLZbABCHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("FIPS"), "ABCHIJMNOPQRSTUVWXYacdef"},
	{STR_INIT("FIPS:!kRSA:!SHA1"), "ABCHIJMNOPQR"},
	{STR_INIT("ECDSA"), "ADGHKLMPSV"},
	{STR_INIT("aECDSA:aRSA"), "ADGHKLMPSVBCEFIJNOQRTUWXYZabcdef"},
	{STR_INIT("ECDHE:DHE:RSA"), "ABDEGHIKLMNPQSTVWCFJORUXYZabcdef"},
	{STR_INIT("ECDH:DH"), "ABDEGHIKLMNPQSTVWCFJORUX"},
	{STR_INIT("kEECDH:kEDH"), "ABDEGHIKLMNPQSTVWCFJORUX"},
	{STR_INIT("kECDHE+aRSA:kDHE+AESGCM"), "BEINQTWCJ"},
	{STR_INIT("ECDHE+ECDSA+AES128"), "HKLPV"},
	{STR_INIT("ECDHE+ECDSA+AES128+SHA256:ECDHE+aRSA+SHA384"), "PN"},
	{STR_INIT("AESGCM"), "ABCHIJYa"},
	{STR_INIT("AESCCM"), "GKLZb"},
	{STR_INIT("AESCCM8"), "GKZb"},
	{STR_INIT("AESCCM:!AESCCM8"), "L"},
	{STR_INIT("CHACHA20:AESGCM"), "DEFABCHIJYa"},
	{STR_INIT("SHA"), "STUVWXef"},
	{STR_INIT("SHA1:SHA256"), "STUVWXefOPQRcd"},
	{STR_INIT("SHA384:SHA256:SHA"), "MNOPQRcdSTUVWXef"},
	{STR_INIT("SSLv3"), "UXef"},
	{STR_INIT("TLSv1"), "STVW"},
	{STR_INIT("TLSv1.0:TLSv1.2"), "STVWABCDEFGHIJKLMNOPQRYZabcd"},
	{STR_INIT("TLSv1.2+kRSA:TLSv1.0+AES128"), "YZabcdVW"},
	{STR_INIT("TLSv1.2+SSLv3:AES128-SHA"), "f"},
	{STR_INIT("SSLv3+AES128-SHA:TLSv1.2+AES256-SHA:SSLv3+CHACHA20"), "f"},
	{STR_INIT("CBC"), "MNOPQRSTUVWXcdef"},
	{STR_INIT("CBC+AES128:-SHA1"), "PQRd"},
	{STR_INIT("HIGH !aNULL !MD5"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH, !aNULL; -AES128 ,AES128+ECDHE"), "ABCDEFGMNOSTUYZceHIKLPQVW"},
	{STR_INIT("HIGH!kRSA!DHE-AES128+CHACHA20"), "ABCDEFGHIJKLMNOPQRSTUVWX"},
	{STR_INIT(":HIGH::!SHA:"), "ABCDEFGHIJKLMNOPQRYZabcd"},
	{STR_INIT("HIGH:NOSUCH"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("NOSUCH:AES128-SHA"), "f"},
	{STR_INIT("HIGH:!NOSUCH"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("NOSUCH+AES128:AES256-SHA"), "e"},
	{STR_INIT("AES128+NOSUCH@STRENGTH:AES256-SHA"), "e"},
	{STR_INIT("AES128+RSA+NOSUCH!AES:AES128-SHA"), "f"},
	{STR_INIT("high:AES128-SHA"), "f"},
	{STR_INIT("PROFILE=SYSTEM:AES128-SHA"), "f"},
	{STR_INIT("AES128-SHA+AES256-SHA:AES128-SHA+AES:AES256-SHA+ECDHE"), "f"},
	{STR_INIT("AES128-SHA:AES256-SHA:AES128-SHA"), "fe"},
	{STR_INIT("+HIGH:AES128-SHA"), "f"},
	{STR_INIT(":-HIGH:AES128-SHA"), "f"},
	{STR_INIT("!AES128-SHA:AES128"), "HIJKLPQRVWXabd"},
	{STR_INIT("AES128-SHA:!AES128-SHA:AES128-SHA:AES256-SHA"), "e"},
	{STR_INIT("3DES:RC4:DES-CBC3-SHA:AES128-SHA"), "f"},
	{STR_INIT("!PSK:!SRP:!DSS:!CAMELLIA:!ARIA:!3DES:!eNULL:ALL"),
	 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("ECDHE-RSA-AES256-GCM-SHA384:!RC4-SHA:!EDH-RSA-DES-CBC3-SHA:!KRB5-DES-CBC3-SHA"),
	 "B"},
	{STR_INIT("HIGH:@STRENGTH+foo:AES128"), "ABCDEFGMNOSTUYZceHIJKLPQRVWXabdf"},
	{STR_INIT("HIGH:@STRENGTH/foo -AES128"), "ABCDEFGMNOSTUYZce"},
	{STR_INIT("SUITEB128"), "HA"},
	{STR_INIT("SUITEB192"), "A"},
	{STR_INIT("SUITEB128ONLY"), "H"},
	{STR_INIT("SUITEB128C2"), "A"},
	{STR_INIT("SUITEB128:ALL"), "HA"},
	{STR_INIT("ALL:SUITEB128"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH:!aNULL:!eNULL:!EXPORT:!CAMELLIA:!DES:!MD5:!PSK:!RC4:!SHA1"),
	 "ABCDEFGHIJKLMNOPQRYZabcd"},
	{STR_INIT("EECDH+ECDSA+AESGCM:EECDH+aRSA+AESGCM:EECDH+ECDSA+SHA384:EECDH+ECDSA+SHA256:"
		  "EECDH+aRSA+SHA384:EECDH+aRSA+SHA256:EECDH:EDH+aRSA:!aNULL:!eNULL:!LOW:!3DES:!"
		  "MD5:!EXP:!PSK:!SRP:!DSS"),
	 "AHBIMPNQDEGKLSTVWCFJORUX"},
	{STR_INIT("AES256+EECDH:AES256+EDH:!aNULL"), "ABGMNSTCOU"},
	{STR_INIT("ECDH+AESGCM:DH+AESGCM:ECDH+AES256:DH+AES256:ECDH+AES128:DH+AES:ECDH+3DES:DH+"
		  "3DES:RSA+AESGCM:RSA+AES:RSA+3DES:!aNULL:!MD5:!DSS"),
	 "ABHICJGMNSTOUKLPQVWRXYaZbcdef"},
	{STR_INIT("TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES128-GCM-SHA256"),
	 "I"},
	{STR_INIT("HIGH:@SECLEVEL=1"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH:@SECLEVEL=2"), "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdef"},
	{STR_INIT("HIGH:@SECLEVEL=3"), "ABCDEFGHIJKLMNOPQRSTUVWX"},
	{STR_INIT("HIGH:@SECLEVEL=4"), "ABCDEFGMNO"},
	{STR_INIT("HIGH:@SECLEVEL=5"), "ABCDEFGMNO"},
	{STR_INIT("@SECLEVEL=3:kRSA:AES128-GCM-SHA256:ECDHE+AES128"), "HIKLPQVW"},
	{STR_INIT("@SECLEVEL=4:@SECLEVEL=1:AES128-SHA"), "f"},
};

/* OpenSSL takes none of them, or they leave nothing that we know. */
static const struct str useless[] = {
	STR_INIT("HIGH:@NOSUCH"),
	STR_INIT("HIGH:@SECLEVEL=6"),
	STR_INIT("HIGH:@SECLEVEL="),
	STR_INIT("HIGH:@SECLEVEL=11"),
	STR_INIT("HIGH:@SECLEVEL=03"),
	STR_INIT("HIGH:@"),
	STR_INIT("HIGH:!"),
	STR_INIT("HIGH:-"),
	STR_INIT("HIGH:+"),
	STR_INIT("HIGH+"),
	STR_INIT("HIGH+:AES"),
	STR_INIT("++HIGH"),
	STR_INIT("!!HIGH"),
	STR_INIT("HIGH:/"),
	STR_INIT("HIGH:\"AES\""),
	STR_INIT("HIGH\t:AES"),
	STR_INIT("HIGH\xe9"),
	STR_INIT("aNULL"),
	STR_INIT("NULL"),
	STR_INIT("RC4"),
	STR_INIT("kRSA+ECDHE"),
	STR_INIT("HIGH:!ALL"),
	STR_INIT("!HIGH"),
	STR_INIT(":-HIGH"),
	STR_INIT("NOSUCH"),
	STR_INIT("PROFILE=SYSTEM"),
	STR_INIT("TLS_AES_128_GCM_SHA256"),
	STR_INIT("TLSv1.3"),
	STR_INIT("high"),
	STR_INIT(" "),
	STR_INIT(":"),
	STR_INIT("@SECLEVEL=3:kRSA"),
	STR_INIT("@SECLEVEL=4:SHA1"),
};

static char letter_of(const struct cipher *c)
{
	for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]); i++)
		if (!strcmp(letters[i].name, c->openssl))
			return letters[i].letter;
	return '?';
}

static const char *letters_of(const struct cipher_list *list)
{
	static char text[CIPHERS_MAX + 1];

	for (uint32_t i = 0; i < list->n; i++)
		text[i] = letter_of(list->v[i]);
	text[list->n] = 0;
	return text;
}

static struct cipher_list read_good(struct str text)
{
	struct cipher_list list;

	cr_assert_eq(ciphers_read(text, &list), 0, "%.*s", (int)text.n, (const char *)text.p);
	return list;
}

Test(ciphers, strings_mean_what_openssl_says)
{
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		struct cipher_list list = read_good(facts[i].text);

		cr_expect_str_eq(letters_of(&list), facts[i].list, "%s", facts[i].text.p);
	}
}

Test(ciphers, strings_that_leave_nothing)
{
	for (size_t i = 0; i < sizeof(useless) / sizeof(useless[0]); i++) {
		struct cipher_list list;

		cr_expect_eq(ciphers_read(useless[i], &list), -1, "%s", useless[i].p);
		cr_expect_eq(list.n, 0);
	}
}

/* Every letter of the table is there, so that no suite goes without a fact. */
Test(ciphers, all_is_all)
{
	struct cipher_list list = read_good(STR("ALL"));

	cr_assert_eq(list.n, sizeof(letters) / sizeof(letters[0]));
	for (uint32_t i = 0; i < list.n; i++) {
		cr_assert_str_eq(list.v[i]->openssl, letters[i].name);
		cr_assert_eq(ciphers_find(list.v[i]->id), list.v[i]);
		for (uint32_t k = 0; k < i; k++)
			cr_assert_neq(list.v[i]->traits, list.v[k]->traits);
	}
}

Test(ciphers, names_of_both_kinds)
{
	struct cipher_list all = read_good(STR("ALL"));

	for (uint32_t i = 0; i < all.n; i++) {
		struct cipher_list a = read_good(str_cstr(all.v[i]->openssl));
		struct cipher_list b = read_good(str_cstr(all.v[i]->iana));

		cr_assert(a.n == 1 && a.v[0] == all.v[i] && a.unknown.n == 0);
		cr_assert(b.n == 1 && b.v[0] == all.v[i] && b.unknown.n == 0);
	}
}

static void unknown_is(struct str text, int result, const char *word)
{
	struct cipher_list list;

	cr_expect_eq(ciphers_read(text, &list), result, "%s", text.p);
	cr_expect(str_eq(list.unknown, str_cstr(word)), "%s: %.*s", text.p, (int)list.unknown.n,
		  (const char *)list.unknown.p);
}

Test(ciphers, the_first_unknown_word_is_named)
{
	unknown_is(STR("HIGH:!aNULL:!MD5"), 0, "");
	unknown_is(STR("HIGH:NOSUCH:OTHER"), 0, "NOSUCH");
	unknown_is(STR("HIGH:!aNUL"), 0, "aNUL");
	unknown_is(STR("AES128+Foo+Bar:HIGH"), 0, "Foo");
	unknown_is(STR("PROFILE=SYSTEM"), -1, "PROFILE=SYSTEM");
	unknown_is(STR("high"), -1, "high");
	unknown_is(STR("HIGH:@FOO:@BAR"), -1, "FOO");
	unknown_is(STR("HIGH:@SECLEVEL=6"), -1, "SECLEVEL=6");
	unknown_is(STR("HIGH:?x:y"), -1, "?x:y");
}

/* Words for what does not exist here, and names made of them. */
Test(ciphers, what_is_not_here_is_no_misspelling)
{
	static const struct str texts[] = {
		STR_INIT("HIGH:!RC4:!aNULL:!eNULL:!LOW:!3DES:!MD5:!EXP:!PSK:!SRP:!DSS:!kRSAPSK"),
		STR_INIT("ALL:!ADH:!EXPORT56:RC4+RSA:+HIGH:+MEDIUM:+LOW:+SSLv2:+EXP"),
		STR_INIT("HIGH:DES-CBC3-SHA:!EDH-RSA-DES-CBC3-SHA:!KRB5-DES-CBC3-SHA:!RC4-SHA"),
		STR_INIT("HIGH:ECDH-RSA-AES128-SHA:DHE-DSS-AES256-SHA:DHE-RSA-AES256-CCM"),
		STR_INIT("HIGH:TLS_RSA_WITH_3DES_EDE_CBC_SHA:DHE-RSA-CAMELLIA256-SHA"),
		STR_INIT("TLS_AES_128_GCM_SHA256:TLS_CHACHA20_POLY1305_SHA256:HIGH"),
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_expect_eq(read_good(texts[i]).unknown.n, 0, "%s", texts[i].p);
}

Test(ciphers, the_default_is_forward_secret_and_aead)
{
	struct cipher_list list = read_good(str_none());

	cr_assert_str_eq(letters_of(&list), "ABHIDE");
}

static const char *read_tls13(struct str text, int result)
{
	static char name[512];
	struct cipher_list list;
	struct out o;

	cr_assert_eq(ciphers_read_tls13(text, &list), result);
	out_init(&o, name, sizeof(name) - 1);
	ciphers_write(&list, &o);
	name[o.n] = 0;
	return name;
}

Test(ciphers, tls13)
{
	struct cipher_list list;

	cr_assert_str_eq(read_tls13(str_none(), 0),
			 "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:"
			 "TLS_AES_128_GCM_SHA256");
	cr_assert_str_eq(
		read_tls13(STR("TLS_AES_128_CCM_8_SHA256: TLS_AES_128_GCM_SHA256 :FOO:BAR"), 0),
		"TLS_AES_128_CCM_8_SHA256:TLS_AES_128_GCM_SHA256");
	cr_assert_str_eq(read_tls13(STR("TLS_AES_128_GCM_SHA256:TLS_AES_128_GCM_SHA256"), 0),
			 "TLS_AES_128_GCM_SHA256");
	cr_assert_str_eq(read_tls13(STR("AES128-SHA"), -1), "");
	cr_assert_str_eq(read_tls13(STR(":"), -1), "");
	cr_assert_eq(ciphers_read_tls13(STR("TLS_AES_128_GCM_SHA256:FOO:BAR"), &list), 0);
	cr_assert(str_eq(list.unknown, STR("FOO")));
	cr_assert_eq(ciphers_find(0x1301), list.v[0]);
	cr_assert_eq(list.v[0]->key, CIPHER_KEY_ANY);
}

Test(ciphers, kinds_of_keys)
{
	cr_assert_eq(ciphers_find(0xc02b)->key, CIPHER_KEY_ECDSA);
	cr_assert_eq(ciphers_find(0xc02f)->key, CIPHER_KEY_RSA);
	cr_assert_eq(ciphers_find(0x002f)->key, CIPHER_KEY_RSA);
	cr_assert_null(ciphers_find(0x0005));
	cr_assert_null(ciphers_find(0));
}
