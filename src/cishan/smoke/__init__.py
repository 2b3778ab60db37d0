"""`cishan smoke`: one wish from the family's words to its line on the 幸福清单, over HTTP, on a system of its own.

It starts everything on free ports in a temporary directory, does what each person would do with the forms they are
shown, and says how long each step took. It exits 0, or names the step that failed and what was on the screen.
"""
