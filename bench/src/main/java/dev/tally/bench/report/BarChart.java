package dev.tally.bench.report;

import java.util.Map;

/** A bar chart as SVG, one bar per row; readable on light and dark ground. */
public final class BarChart {

    private static final int WIDTH = 760;
    private static final int LEFT = 110;
    private static final int RIGHT = 150;
    private static final int TOP = 56;
    private static final int ROW = 34;
    private static final int BAR = 22;

    private BarChart() {}

    /**
     * Draws values of at least 0.
     *
     * @param title above the chart
     * @param note below it
     */
    public static String svg(String title, Map<String, Double> values, String note) {
        double most =
                values.values().stream().mapToDouble(Double::doubleValue).max().orElse(0);
        int height = TOP + ROW * values.size() + 40;
        StringBuilder svg = new StringBuilder();
        svg.append("<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\""
                .formatted(WIDTH, height, WIDTH, height));
        svg.append(
                " font-family=\"system-ui, sans-serif\" role=\"img\" aria-label=\"%s\">%n".formatted(escaped(title)));
        svg.append("<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
        text(svg, 16, 30, "start", 17, title);
        int row = 0;
        for (Map.Entry<String, Double> entry : values.entrySet()) {
            int y = TOP + ROW * row++;
            double length = most == 0 ? 0 : entry.getValue() / most * (WIDTH - LEFT - RIGHT);
            text(svg, LEFT - 10, y + 16, "end", 14, entry.getKey());
            svg.append("<rect x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\" rx=\"3\" fill=\"#2f6fab\"/>%n"
                    .formatted(LEFT, y, length, BAR));
            text(svg, (int) (LEFT + length + 8), y + 16, "start", 13, "%,.0f".formatted(entry.getValue()));
        }
        text(svg, 16, height - 14, "start", 11, note);
        return svg.append("</svg>\n").toString();
    }

    private static void text(StringBuilder svg, int x, int y, String anchor, int size, String text) {
        svg.append("<text x=\"%d\" y=\"%d\" text-anchor=\"%s\" font-size=\"%d\" fill=\"#222222\">%s</text>%n"
                .formatted(x, y, anchor, size, escaped(text)));
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
