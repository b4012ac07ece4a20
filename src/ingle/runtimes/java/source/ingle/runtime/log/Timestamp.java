package ingle.runtime.log;

/** Times as AWS's logs have them; without java.time, whose classes take long to load. */
final class Timestamp {
    private static final int DAY = 86_400_000;

    private Timestamp() {}

    /** Return milliseconds since the epoch like 2024-02-29T12:34:56.789Z. */
    static String of(long millis) {
        long days = Math.floorDiv(millis, (long) DAY);
        int left = (int) Math.floorMod(millis, (long) DAY);
        // From the first of March of the year 0, so that leap days are at the ends of years:
        // https://howardhinnant.github.io/date_algorithms.html#civil_from_days
        long shifted = days + 719_468;
        long era = Math.floorDiv(shifted, 146_097L);
        long dayOfEra = Math.floorMod(shifted, 146_097L);
        long year = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
        long dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100);
        long month = (5 * dayOfYear + 2) / 153;
        long day = dayOfYear - (153 * month + 2) / 5 + 1;
        long civilMonth = month < 10 ? month + 3 : month - 9;
        long civilYear = year + era * 400 + (civilMonth <= 2 ? 1 : 0);
        StringBuilder text = new StringBuilder(24);
        pad(text, civilYear, 4, '-');
        pad(text, civilMonth, 2, '-');
        pad(text, day, 2, 'T');
        pad(text, left / 3_600_000, 2, ':');
        pad(text, left / 60_000 % 60, 2, ':');
        pad(text, left / 1000 % 60, 2, '.');
        pad(text, left % 1000, 3, 'Z');
        return text.toString();
    }

    private static void pad(StringBuilder text, long value, int width, char after) {
        String digits = Long.toString(value);
        for (int i = digits.length(); i < width; i++) {
            text.append('0');
        }
        text.append(digits).append(after);
    }
}
