# What the tests on real parts need. A cloud's makefile adds its own.
.PHONY: tools tools-debian
tools: tools-debian ## Install into .tools/ what the tests on real parts need (Python, Maven, apt-get)

tools-debian:
	tools/debian.sh
