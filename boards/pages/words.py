"""Fixed words of the pages, Vietnamese and English side by side. What the data says is said by the data."""

from __future__ import annotations

LANGUAGES = ("vi", "en")

WORDS: dict[str, tuple[str, str]] = {
    "leader": ("Trang lãnh đạo", "Leader page"),
    "skip": ("Tới nội dung", "Skip to content"),
    "sign_in": ("Đăng nhập", "Sign in"),
    "sign_out": ("Đăng xuất", "Sign out"),
    "user": ("Tên đăng nhập", "User name"),
    "password": ("Mật khẩu", "Password"),
    "refused": (
        "Không đăng nhập được. Kiểm tra tên và mật khẩu rồi thử lại; sau nhiều lần sai hãy đợi một phút.",
        "Sign-in failed. Check the name and password and try again; after several failures wait a minute.",
    ),
    "with": ("Đăng nhập qua", "Sign in with"),
    "area": ("Địa bàn", "Area"),
    "province": ("Toàn tỉnh", "The province"),
    "see": ("Xem", "Show"),
    "boards": ("Bảng điều hành", "Boards"),
    "state": ("Tình hình toàn tỉnh", "State of the province"),
    "urgent": ("Cần xử lý", "Needs action"),
    "none_urgent": (
        "Không có chỉ tiêu nào không đạt hay cần chú ý.",
        "No indicator misses its target or needs attention.",
    ),
    "alarms": ("Cảnh báo đang mở", "Open alarms"),
    "rest": ("Các chỉ tiêu khác theo lĩnh vực", "Other indicators by sector"),
    "since": ("Từ", "Since"),
    "acts": ("Việc của", "Who acts"),
    "within": ("Hạn", "Within"),
    "no_acts": ("chưa có quy trình xử lý", "no procedure yet"),
    "target": ("Mục tiêu", "Target"),
    "indicator": ("Chỉ tiêu", "Indicator"),
    "value": ("Giá trị", "Value"),
    "status": ("Trạng thái", "Status"),
    "period": ("Kỳ", "Period"),
    "change": ("Thay đổi", "Change"),
    "late": ("Nguồn chậm hoặc lỗi", "Late or failed sources"),
    "none_late": ("Mọi nguồn đúng hẹn.", "Every source is on time."),
    "source": ("Nguồn", "Source"),
    "owner": ("Đầu mối", "Owner"),
    "age": ("Tuổi số liệu", "Age of data"),
    "build": ("Bản số liệu", "Build of data"),
    "built": ("chốt lúc", "taken at"),
    "replay": ("ĐANG XEM LẠI bản", "REPLAYING build"),
    "at": ("lúc", "at"),
    "made_up": ("minh họa", "made up"),
    "all_made_up": ("SỐ LIỆU MINH HỌA", "MADE-UP DATA"),
    "unverified": ("chuẩn chưa kiểm chứng", "unverified norm"),
    "stale": ("số cũ", "stale"),
    "due": ("Hạn", "Due"),
    "overdue": ("quá hạn", "overdue"),
    "not_kept": ("Không còn giữ bản số liệu nào của lúc ấy", "No build of data is kept for that moment"),
    "not_kept_say": (
        "Chỉ các bản gần đây được giữ. Số liệu đang phục vụ không bị ảnh hưởng.",
        "Only recent builds are kept. The data served now is not affected.",
    ),
    "refresh": ("Tự làm mới 5 phút", "Refresh every 5 minutes"),
    "no_refresh": ("Ngừng tự làm mới", "Stop refreshing"),
    "now": ("Về số liệu hiện tại", "Back to present data"),
}

SECTORS: dict[str, tuple[str, str]] = {
    "hanh_chinh_cong": ("Hành chính công", "Public service"),
    "thien_tai": ("Thiên tai", "Natural disasters"),
    "moi_truong": ("Môi trường", "Environment"),
    "tai_nguyen": ("Tài nguyên", "Natural resources"),
    "nq57": ("Nghị quyết 57", "Resolution 57"),
    "khcn": ("Khoa học và công nghệ", "Science and technology"),
    "cds": ("Chuyển đổi số", "Digital transformation"),
    "vien_thong": ("Viễn thông", "Telecommunications"),
    "kinh_te": ("Kinh tế", "Economy"),
    "tai_chinh": ("Tài chính, đầu tư công", "Finance and public investment"),
    "nang_luong": ("Năng lượng", "Energy"),
    "nong_nghiep": ("Nông nghiệp", "Agriculture"),
    "y_te": ("Y tế", "Health"),
    "giao_duc": ("Giáo dục", "Education"),
    "an_sinh": ("An sinh xã hội", "Social protection"),
    "do_thi": ("Đô thị", "Urban services"),
    "chat_luong": ("Chất lượng dữ liệu", "Data quality"),
}


def of(lang: str) -> dict[str, str]:
    return {key: pair[LANGUAGES.index(lang)] for key, pair in WORDS.items()}


def sectors(lang: str) -> dict[str, str]:
    return {key: pair[LANGUAGES.index(lang)] for key, pair in SECTORS.items()}
