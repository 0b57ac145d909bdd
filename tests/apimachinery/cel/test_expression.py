import pytest

from pylae.apimachinery.cel.expression import EvaluationError, NotCelError, compile_expression


def value(source, **variables):
    return compile_expression(source).evaluate(variables)


@pytest.mark.parametrize(
    "source",
    [
        "'a,b'.split(',') == ['a', 'b']",
        "'shop.example'.substring(5) == 'example'",
        "'Shop'.lowerAscii() == 'shop' && ' x '.trim() == 'x'",
        "'abc'.indexOf('c') == 2 && [1, 2].indexOf(2) == 1 && 'abca'.lastIndexOf('a') == 3",
        "['a', 'b'].join('-') == 'a-b'",
        "[1, 2, 3].isSorted() && ![2, 1].isSorted() && [1, 2].sum() == 3 && [1, 2].max() == 2",
        "'a1b22'.find('[0-9]+') == '1' && 'a1b22'.findAll('[0-9]+') == ['1', '22']",
        "'%s has %d, %.1f'.format(['a', 2, 1.5]) == 'a has 2, 1.5'",
        "isURL('https://a.example:8443/x') && !isURL('a.example') && isURL('/path')",
        "url('https://a.example:8443/x').getScheme() == 'https'",
        "url('https://a.example:8443/x').getHost() == 'a.example:8443'",
        "url('https://a.example:8443/x').getHostname() == 'a.example'",
        "url('https://a.example:8443/x').getPort() == '8443'",
        "isIP('10.0.0.1') && isIP('::1') && !isIP('10.0.0.256')",
        "ip('127.0.0.1').isLoopback() && ip('10.0.0.1').family() == 4",
        "ip.isCanonical('::1') && !ip.isCanonical('0:0::1')",
        "isCIDR('10.0.0.0/8') && cidr('10.0.0.0/8').containsIP('10.1.2.3')",
        "cidr('10.0.0.0/8').containsCIDR('10.1.0.0/16') && cidr('10.0.0.0/8').prefixLength() == 8",
        "quantity('1Gi').isGreaterThan(quantity('1000M')) && isQuantity('500m') && !isQuantity('ten')",
        "quantity('2').asInteger() == 2 && quantity('1.5').add(quantity('500m')).compareTo(quantity('2')) == 0",
        "duration('1h') > duration('5m') && timestamp('2026-01-01T00:00:00Z').getFullYear() == 2026",
        "sets.contains([1, 2], [1])",
    ],
)
def test_what_kubernetes_adds_to_the_language_is_there(source):
    expression = compile_expression(source)
    assert expression.lacking == ()
    assert expression.evaluate({}) is True


def test_a_text_that_is_no_expression_is_refused():
    with pytest.raises(NotCelError, match="mismatched input"):
        compile_expression("self.a +")


def test_a_variable_that_there_is_not_is_refused_and_a_loop_s_own_is_none():
    with pytest.raises(NotCelError, match="undeclared reference to 'other'"):
        compile_expression("other.a == 1")
    assert compile_expression("self.all(x, self.exists(y, x == y))").variables == {"self"}


@pytest.mark.parametrize(
    ("source", "lacking"),
    [("self.frobnicate()", "frobnicate"), ("self.?a.orValue(1) == 1", ".?"), ("semver('1.0.0') == self", "semver")],
)
def test_what_is_not_known_here_is_named_so_that_its_rule_can_be_left_out(source, lacking):
    assert lacking in compile_expression(source).lacking


def test_an_expression_that_would_exhaust_the_stack_never_reaches_the_engine():
    assert "characters" in compile_expression("1" + "+1" * 20_000).lacking[0]


def test_an_expression_that_comes_to_no_value_says_why():
    with pytest.raises(EvaluationError, match="missing"):
        value("self.missing == 1", self={})


def test_the_cost_grows_with_the_loops_within_each_other():
    items = list(range(100))
    assert compile_expression("self.size() > 0").cost(items) == 1
    assert compile_expression("self.all(x, x > 0) && self.exists(x, x > 9)").cost(items) == 100
    assert compile_expression("self.all(x, self.exists(y, x == y))").cost(items) == 10_000
    assert compile_expression("'.all(x, (' == '' || self.all(x, x > 0)").cost(items) == 100


TIMES_300 = ", ".join(["0"] * 300)


@pytest.mark.parametrize(
    ("source", "self"),
    [
        (f"[{TIMES_300}].all(a, [{TIMES_300}].all(b, [{TIMES_300}].all(c, a == c)))", ""),
        ("self. all (a, self.// )\n all(b, self.all\n(c, a == c)))", list(range(200))),
        ("self.all(a, r'\\' == '' || self.all(b, self.all(c, '\\'' == '')))", list(range(200))),
        ("self.split('').all(a, self.split('').all(b, a == b))", "x" * 3000),
        ("lists.range(1000).all(a, lists.range(1000).all(b, lists.range(1000).all(c, true)))", ""),
        ("[self]" + ".map(a, a + a)" * 30 + ".all(a, true)", "x"),
        ("self" + "+self" * 1000 + " == ''", "x" * 1_000_000),
        ("[self, self].map(a, [a, a] + [a, a])" + ".map(a, a + a)" * 10 + ".all(a, a.all(b, true))", "x"),
    ],
    ids=["written", "blanks", "raw texts", "split", "range", "texts that double", "a long sum", "lists that double"],
)
def test_no_bomb_is_cheap(source, self):
    assert compile_expression(source).cost(self) > 1_000_000


@pytest.mark.parametrize(
    "source",
    [
        "self.replace('x', self) == ''",
        "self" + ".replace('x', 'xxxxxxxxxxxxxxxx')" * 6 + " == ''",
        "[self, self].join(self) == ''",
        "lists.range(1000000000).size() > 0",
        "'%.999999999f'.format([1.0]) == ''",
        "base64.encode(bytes(self))" + ".replace('e', 'eeeeeeeeeeeeeeeeeeeeeeee')" * 9 + " == ''",
    ],
)
def test_no_function_makes_more_than_there_is_room_for(source):
    with pytest.raises(EvaluationError):
        value(source, self="x" * 1_500_000)


def test_ordinary_rules_cost_little():
    rules = ["self.all(x, self.exists_one(y, x.name == y.name))", "'a ' + self[0].name + ' b' != ''"]
    ports = [{"name": f"port-{number}"} for number in range(64)]
    assert all(compile_expression(rule).cost(ports) < 10_000 for rule in rules)
