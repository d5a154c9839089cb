"""Pages of pledge texts, signing, receipts, signatories and changes."""
