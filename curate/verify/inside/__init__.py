"""What runs inside sandboxes for the verifier `code`: these files are read as text, never imported
outside.

`answering` holds a program and answers what is asked of it; `asking` holds the tests, in another
sandbox, and asks; `wire` is what both speak. `together` runs tests in the program's own process:
the weaker way, for tests that nothing else can run. `whole` runs what a test defines and does not
call."""
