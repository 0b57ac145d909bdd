from pylae.cli.dump.camel import camel


def test_fields_get_their_json_names_and_values_stay() -> None:
    assert camel({"filter_chains": [{"server_names": ["a_b"]}], "@type": "x.y_z", "name": "0.0.0.0_8443"}) == {
        "filterChains": [{"serverNames": ["a_b"]}],
        "@type": "x.y_z",
        "name": "0.0.0.0_8443",
    }


def test_keys_that_are_a_users_own_stay() -> None:
    value = {"filter_metadata": {"my_filter": {"some_key": 1}}, "labels": {"my_label": "x"}}
    assert camel(value) == {"filterMetadata": {"my_filter": {"some_key": 1}}, "labels": {"my_label": "x"}}


def test_names_of_filters_stay_and_their_configuration_is_renamed() -> None:
    value = {"typed_per_filter_config": {"envoy.filters.http.my_own": {"max_age": 1}}}
    assert camel(value) == {"typedPerFilterConfig": {"envoy.filters.http.my_own": {"maxAge": 1}}}
