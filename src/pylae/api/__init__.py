"""The words: what users write, as frozen types. Other rooms read objects through these and never through bare dicts.

Three rules make the types predictable:

- An attribute is the API's field in snake_case: `caCertCredentialName` is `ca_cert_credential_name`.
- A field whose protobuf or Go type has no presence is that type's zero when absent (`""`, `0`, `False`, an enum's
  first value), or what the API server fills in (`ClusterIP`); one that has presence (a message, a wrapper, a pointer,
  a member of a oneof) is `None`. Lists are tuples, maps dicts.
- Decoding forgives: ranges, enum values and missing fields are the business of the schema walker and of validation,
  which report all of them with their places.

The types are also the one source of the schemas: a field's description is what `kubectl explain` prints.
"""
