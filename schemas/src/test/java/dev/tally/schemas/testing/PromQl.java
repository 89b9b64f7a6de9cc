package dev.tally.schemas.testing;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The metrics and labels that a PromQL expression names. It knows as much of the language as the files under deploy/ use; whether an
 * expression is right is promtool's to say.
 *
 * @param selectors in their order
 * @param grouping labels that results are grouped, or sides matched, by
 */
public record PromQl(List<Selector> selectors, Set<String> grouping) {

    private static final Pattern TOKEN = Pattern.compile(
            "\\s+|\"(?:[^\"\\\\]|\\\\.)*\"|'(?:[^'\\\\]|\\\\.)*'|\\[[^]]*]|[0-9][0-9a-zA-Z.]*|[a-zA-Z_:][a-zA-Z0-9_:]*|.",
            Pattern.DOTALL);
    private static final Set<String> LABEL_LISTS =
            Set.of("by", "without", "on", "ignoring", "group_left", "group_right");
    private static final Set<String> WORDS = Set.of("and", "or", "unless", "bool", "offset", "inf", "nan");
    private static final Set<String> AGGREGATIONS = Set.of("sum", "min", "max", "avg", "count", "topk", "bottomk");

    /** A metric and the labels it is narrowed by. */
    public record Selector(String metric, Set<String> labels) {}

    /** Reads an expression. */
    public static PromQl of(String expression) {
        List<String> tokens = new ArrayList<>();
        Matcher matcher = TOKEN.matcher(expression);
        while (matcher.find()) {
            if (!matcher.group().isBlank()) {
                tokens.add(matcher.group());
            }
        }
        List<Selector> selectors = new ArrayList<>();
        Set<String> grouping = new TreeSet<>();
        for (int at = 0; at < tokens.size(); at++) {
            String token = tokens.get(at);
            String next = at + 1 < tokens.size() ? tokens.get(at + 1) : "";
            if (LABEL_LISTS.contains(token)) {
                at = names(tokens, at + 1, "(", ")", grouping);
            } else if (isName(token) && !WORDS.contains(token) && !AGGREGATIONS.contains(token) && !next.equals("(")) {
                Set<String> labels = new TreeSet<>();
                at = names(tokens, at + 1, "{", "}", labels);
                selectors.add(new Selector(token, labels));
            }
        }
        return new PromQl(selectors, grouping);
    }

    /** Collects the names of a list, if one begins there; the place of the last token that was used. */
    private static int names(List<String> tokens, int from, String open, String close, Set<String> names) {
        if (from >= tokens.size() || !tokens.get(from).equals(open)) {
            return from - 1;
        }
        int at = from + 1;
        for (; !tokens.get(at).equals(close); at++) {
            if (isName(tokens.get(at))) {
                names.add(tokens.get(at));
            }
        }
        return at;
    }

    private static boolean isName(String token) {
        return Character.isLetter(token.charAt(0)) || token.charAt(0) == '_';
    }
}
