"""What source and stewards send each other: messages, the mailbox they lie in, and each day's digest of them."""
