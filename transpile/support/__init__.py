"""Torch semantics on TensorFlow: definitions that are copied, as source text, into a translated file.

Nothing in the package imports these modules to run them; the rewriter reads them as text, and the tests run
each of them against torch. Every top-level definition works when pasted into one module after those it names.
"""
