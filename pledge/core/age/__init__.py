"""The age v1 file format (C2SP age), as pure functions over streams of bytes.

    age-encryption.org/v1                                                 header: the file key, wrapped for
    -> mlkem768x25519 U7E10Aon27j1oDrH7fP3B++SPROSnDVvQpBemzOM+ZcsojxJ…    each recipient in a stanza
    c/k+TjhBA6Je1DF8rxZhe2Jm8CN0zbkV9rre6nA8g98
    --- HK2NmOBN9Dpq0Gw6xMCuhFcQlQLvZ/wQUi/2scLG75s                       MAC of the header under the file key
    nonce[16] ‖ chunks of ChaCha20-Poly1305, 64 KiB each                  payload

``file`` encrypts and decrypts, ``envelope`` seals tips and checks them unopened, ``keytext`` reads and writes keys,
``armor`` is the text form. Every kind of recipient has its module: ``hybrid``, ``x25519``, ``scrypt``.
"""
