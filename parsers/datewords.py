"""Words that dates are written with, and zone names. Keys are lower case, without full stops."""

from __future__ import annotations


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


_MONTH_NAMES = (
    # English, Malay, Indonesian (with the short forms of each), German, French, Spanish, Italian, Portuguese
    "jan january januari januar janvier enero gennaio janeiro janv jänner ene gen",
    "feb february februari pebruari februar février fevrier febrero febbraio fevereiro févr fevr fév fev",
    "mar march mac maret märz maerz mars marzo março marco mär mrt maart",
    "apr april avril abril aprile avr abr",
    "may mei mai mayo maggio maio mag",
    "jun june juni juin junio giugno junho giu",
    "jul july julai juli juillet julio luglio julho juil lug",
    "aug august ogos agustus août aout agosto agu ago ogo agt augustus",
    "sep sept september septembre septiembre settembre setembro set",
    "oct october oktober octobre octubre ottobre outubro okt ott out",
    "nov november novembre noviembre novembro nop nopember",
    "dec dez dic december dezembro disember desember dezember décembre diciembre dicembre dis des déc",
)
MONTHS: dict[str, int] = {
    name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names.split()
}

# Weekdays and the small words around a date. They say nothing that the numbers do not say.
IGNORED: frozenset[str] = _words(
    "mon monday tue tues tuesday wed wednesday thu thur thurs thursday fri friday sat saturday sun sunday",
    "isnin selasa rabu khamis jumaat sabtu ahad isn sel rab kha jum sab ahd",
    "senin kamis jumat jum'at minggu sen kam min",
    "montag dienstag mittwoch donnerstag freitag samstag sonntag mo di mi do fr sa so",
    "lundi mardi mercredi jeudi vendredi samedi dimanche lun mer jeu ven dim",
    "lunes martes miércoles jueves viernes sábado domingo mié jue vie sáb dom",
    "of on at the de del le um uhr pada jam pukul tanggal bertarikh hari dated published updated posted",
    "diterbitkan dikemaskini diperbarui h hrs hours st nd rd th date time t",
)

# Half of the day: hours to add, when the hour is 12 or less. Malay and Indonesian tell night from noon by
# the hour: "tengah hari" (noon) and "petang" (late afternoon) are p.m.; "malam" is p.m., save "12 malam".
FORENOON: frozenset[str] = _words("am pagi pg dinihari subuh", "上午 早上 早晨 凌晨 清晨 午前 오전 朝")
AFTERNOON: frozenset[str] = _words(
    "pm petang ptg tengahari tghari siang sore malam", "下午 晚上 傍晚 午後 午后 오후 夜 晚 中午 正午"
)

# Offsets in minutes east. Names that mean one thing in the news of the whole world.
ZONES: dict[str, int] = {
    "z": 0, "ut": 0, "utc": 0, "gmt": 0, "wet": 0,
    "hkt": 480, "myt": 480, "sgt": 480, "pht": 480, "awst": 480, "wita": 480, "bnt": 480, "mot": 480,
    "wib": 420, "ict": 420, "wit": 540, "jst": 540, "kst": 540, "mmt": 390, "npt": 345, "pkt": 300,
    "acst": 570, "acdt": 630, "aest": 600, "aedt": 660, "nzst": 720, "nzdt": 780,
    "est": -300, "edt": -240, "cdt": -300, "mdt": -360, "pdt": -420, "akst": -540, "akdt": -480, "hst": -600,
    "nst": -210, "ndt": -150, "adt": -180, "art": -180, "brt": -180, "clt": -240,
    "cet": 60, "cest": 120, "mez": 60, "mesz": 120, "eet": 120, "eest": 180, "west": 60, "msk": 180,
    "trt": 180, "sast": 120, "cat": 120, "eat": 180, "wat": 60, "gst": 240,
}  # fmt: skip

# Names that mean different things in different places, by the country of the source (ISO 3166). The key ""
# is the meaning elsewhere: that of RFC 822 for the North American ones, else of the most readers.
ZONES_BY_COUNTRY: dict[str, dict[str, int]] = {
    "cst": {"": -360, **dict.fromkeys(("CN", "HK", "MO", "TW", "MY", "SG", "BN"), 480), "CU": -300},
    "bst": {"": 60, "BD": 360},
    "ist": {"": 330, "IE": 60, "IL": 120},
    "mst": {"": -420, "MY": 480},
    "pst": {"": -480, "PH": 480},
    "sst": {"": -660, "SG": 480},
    "ast": {"": -240, "SA": 180, "AE": 240, "QA": 180, "KW": 180},
    "wst": {"": 480, "WS": 780},
    "bt": {"": 480},
    "ct": {"": -360, **dict.fromkeys(("CN", "HK", "TW"), 480)},
    "ht": {"": 480},
}
