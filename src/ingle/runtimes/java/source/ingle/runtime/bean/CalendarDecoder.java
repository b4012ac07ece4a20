package ingle.runtime.bean;

import ingle.runtime.json.JsonReader;
import ingle.runtime.json.MappingException;
import java.util.Calendar;
import java.util.Date;
import java.util.TimeZone;

/** Dates with a calendar, which is of UTC. */
final class CalendarDecoder extends Decoder {
    private final Decoder date = new DateDecoder(false);

    @Override
    Object read(JsonReader in) throws MappingException {
        Date when = (Date) date.read(in);
        if (when == null) {
            return null;
        }
        Calendar calendar = Calendar.getInstance(TimeZone.getTimeZone("UTC"));
        calendar.setTime(when);
        return calendar;
    }
}
