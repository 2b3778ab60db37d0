"""The port to Alipay: checkout links, queries, closing, and the reading of what Alipay tells us.

It speaks the `gateway.do` protocol in public-key mode with RSA2. The official SDK's request and domain
classes build what is asked; `cryptography` signs and verifies, because the SDK's own signer is pure Python
and would hold the event loop for 25 ms a signature. It knows no database and no other room: it is given a
merchant and a clock. Only what is signed by Alipay is ever believed, and a call that did not end in a signed
answer has an unknown outcome, never a failed one.
"""
