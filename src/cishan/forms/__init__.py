"""Reading what people enter: typed forms with Chinese errors, and the client-made key that makes a replay harmless."""
