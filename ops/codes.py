"""Every code that a `Fault` may carry, with a paragraph for `ioc explain`: what it means, what is safe, what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    title_vi: str
    title_en: str
    text_vi: str
    text_en: str


CODES: dict[str, Code] = {
    "IOC-001": Code(
        "Không có Python phù hợp",
        "No suitable Python",
        "Nền tảng chạy trên Python 3.11, 3.12 hoặc 3.13. Trình khởi động tự tìm python3.13, python3.12, python3.11 trong PATH. Cài một bản rồi chạy lại, hoặc chỉ rõ bằng IOC_PYTHON=/đường/dẫn/python3.",
        "The platform runs on Python 3.11 to 3.13. The launcher looks for python3.13, 3.12 and 3.11 on PATH. Install one, or name it in IOC_PYTHON.",
    ),
    "IOC-002": Code(
        "Thiếu chỗ trên đĩa",
        "Not enough disk",
        "Hai môi trường và tỉnh mẫu cần khoảng 3 GB. Chưa có gì bị thay đổi. Dọn đĩa hoặc chuyển dự án sang ổ khác.",
        "Two environments and the demo province need about 3 GB. Nothing was changed. Make room or move the checkout.",
    ),
    "IOC-003": Code(
        "Không tới được kho gói Python",
        "No package index",
        "Máy không ra mạng, hoặc cần máy chủ trung gian. Ba cách: đặt UV_DEFAULT_INDEX là kho gói nội bộ; chép các tệp .whl vào một thư mục, rồi đặt UV_FIND_LINKS=<thư mục> và UV_OFFLINE=1; hoặc đặt HTTPS_PROXY.",
        "The machine has no way to a package index. Name a mirror in UV_DEFAULT_INDEX; or copy the wheels into a folder and set UV_FIND_LINKS=<folder> with UV_OFFLINE=1; or set HTTPS_PROXY.",
    ),
    "IOC-004": Code(
        "Thư mục dự án không ghi được",
        "The checkout is read-only",
        "Môi trường Python nằm trong thư mục dự án. Chép dự án sang nơi ghi được, hoặc đổi chủ sở hữu thư mục. IOC_HOME có thể đặt nơi khác, nhưng .venv thì không.",
        "The Python environments live in the checkout. Copy it to a place that can be written, or change its owner.",
    ),
    "IOC-005": Code(
        "Python thiếu venv và pip",
        "Python has neither venv nor pip",
        "Trên Debian và Ubuntu: apt-get install python3-venv. Hoặc cài uv bằng cách khác và để trong PATH.",
        "On Debian and Ubuntu: apt-get install python3-venv. Or put uv on PATH in another way.",
    ),
    "IOC-006": Code(
        "Cài gói không thành công",
        "Installing packages failed",
        "Kho gói trả lời nhưng không cài được: gói hỏng (sai mã băm), thiếu quyền, hoặc nền tảng lạ. Xóa .venv rồi chạy lại; dòng cuối của thông báo nêu gói nào.",
        "The index answered but installing failed: a wrong hash, missing rights, or a platform without wheels. Delete .venv and run again; the last lines name the package.",
    ),
    "IOC-010": Code(
        "Dịch vụ không lên",
        "A service did not start",
        "Tiến trình đã khởi động nhưng không trả lời trong thời hạn, hoặc đã tắt. Nhật ký trong logs/ nêu lý do. Bản đã công bố không bị ảnh hưởng; chạy lại ./ioc up sẽ khởi động những gì còn thiếu.",
        "The process was started but did not answer in time, or ended. Its log says why. Published builds are not touched; ./ioc up again starts what is missing.",
    ),
    "IOC-011": Code(
        "Lần kéo hoặc dựng đầu tiên chưa xong",
        "The first pull or build did not finish",
        "Airflow đã nhận việc nhưng chưa có bản công bố trong thời hạn. ./ioc status cho biết nguồn nào lỗi; ./ioc logs airflow-scheduler cho nhật ký. ./ioc run làm lại cùng việc ấy không qua Airflow.",
        "Airflow took the work but nothing was published in time. ./ioc status names the sources; ./ioc run does the same without Airflow.",
    ),
    "IOC-012": Code(
        "Không còn cổng trống",
        "No free port",
        "Mọi cổng trên loopback đều bận hoặc bị cấm. Xem ./ioc doctor.",
        "Every port on loopback is taken or refused. See ./ioc doctor.",
    ),
    "IOC-013": Code(
        "Bản sao lưu không dùng được",
        "The backup cannot be used",
        "Thư mục không có backup.json, hoặc một tệp khác với mã băm đã ghi khi sao lưu. Trạng thái hiện tại chưa bị thay đổi. Chọn bản sao lưu khác.",
        "The folder has no backup.json, or a file differs from its recorded hash. Present state was not changed. Choose another backup.",
    ),
    "IOC-014": Code(
        "Nơi khôi phục không trống",
        "The place to restore into is not empty",
        "Khôi phục không bao giờ ghi đè. Đặt IOC_HOME là một thư mục mới rồi khôi phục vào đó, kiểm tra, rồi mới chuyển sang.",
        "A restore never overwrites. Name a new folder in IOC_HOME, restore there, look at it, then move over.",
    ),
    "IOC-015": Code(
        "Không có mã hoặc tên này",
        "No such code or name",
        "Tên gõ không có trong danh mục. Thông báo nêu tên gần giống nhất.",
        "The name is not in the catalogue. The message gives the nearest ones.",
    ),
    "IOC-016": Code(
        "Tệp đã có",
        "The file exists",
        "Lệnh chỉ tạo tệp mới, không bao giờ ghi đè tệp do người khác viết. Chọn tên khác; khai báo thì sửa tệp đang có.",
        "The command only makes new files and never overwrites what somebody wrote. Choose another name; a declaration can be edited instead.",
    ),
    "IOC-017": Code(
        "Kênh báo chưa đúng",
        "A channel for alerts is not set up right",
        "Thông báo nêu tên biến sai hoặc thiếu. Nguồn chậm vẫn được ghi vào ./ioc alert list; chỉ tin báo chưa gửi được. Sửa theo docs/alerts.md, thử bằng ./ioc alert test.",
        "The message names the setting that is wrong or missing. Late sources are still written down (./ioc alert list); only messages cannot leave. Mend it as docs/alerts.md says, try ./ioc alert test.",
    ),
    "IOC-075": Code(
        "Kho dữ liệu đang bận",
        "The warehouse is busy",
        "Mỗi lúc chỉ một tiến trình được ghi. Thông báo nêu ai đang giữ, tiến trình nào, từ bao giờ. Khóa tự mất khi tiến trình ấy kết thúc, kể cả khi bị kill. Chờ rồi chạy lại; bảng điều hành vẫn đọc được.",
        "One process writes at a time. The message names the holder, its process and since when. The lock goes with the process, even a killed one. Wait and run again; boards still read.",
    ),
    "IOC-101": Code(
        "Khai báo nguồn có lỗi",
        "A source declaration is wrong",
        "Mỗi dòng lý do nêu tệp, số dòng, khóa sai và tên đúng gần nhất. Chưa có gì được kéo. Sửa rồi chạy ./ioc source check.",
        "Each line names file, line, the wrong key and the nearest right one. Nothing was pulled. Mend it and run ./ioc source check.",
    ),
    "IOC-102": Code("Không có nguồn này", "No such source", "Mã nguồn không có trong sổ đăng ký. ./ioc source list cho danh sách.", "The id is not in the registry. ./ioc source list has them all."),
    "IOC-103": Code(
        "Tệp hiệu chỉnh viết sai",
        "A file of corrections is wrong",
        "Một tệp trong quality/corrections hoặc IOC_HOME/corrections nêu bảng, cột không có trong khai báo, hoặc làm khai báo sai. Chưa nguồn nào được kéo. Sửa tệp được nêu; tệp do trang phụ trách dữ liệu ghi thì có thể bỏ mục vừa thêm bằng ./ioc quarantine unfix.",
        "A file in quality/corrections or IOC_HOME/corrections names a table or column that is not declared, or makes the declaration invalid. Nothing was pulled. Mend the file that is named.",
    ),
    "IOC-111": Code(
        "Khai báo chỉ tiêu có lỗi",
        "An indicator pair is wrong",
        "Mỗi chỉ tiêu là một cặp tệp .sql và .yml cùng tên. Lý do nêu tệp, dòng và tên đúng gần nhất. Sửa rồi chạy ./ioc indicator check.",
        "An indicator is a .sql and a .yml of one name. The reason names file, line and nearest right name. Mend it and run ./ioc indicator check.",
    ),
    "IOC-200": Code("Lỗi chưa lường trước khi kéo", "Unforeseen error while pulling", "Một lỗi không thuộc loại đã biết. Các nguồn khác vẫn được kéo. Xem dấu vết: chạy lại với -v, gửi nhật ký cho người phát triển.", "An error of no known kind. Other sources are still pulled. Run again with -v and send the log to the developers."),
    "IOC-201": Code("Nguồn không trả lời", "The source is down", "Máy chủ của nguồn tắt, sai địa chỉ, hoặc mạng đứt. Đã thử hai lần. Nguồn này bị đánh dấu chậm; các nguồn khác vẫn công bố. Sau năm lần kéo hỏng liền thì hỏi thưa dần, nhiều nhất một giờ; ./ioc source pull luôn hỏi ngay.", "The server is off, the address wrong or the network cut. Tried twice. This source is late; others publish. After five failed pulls in a row it is asked less and less often, once an hour at least; ./ioc source pull always asks."),
    "IOC-202": Code("Nguồn từ chối đăng nhập", "The source refused the credentials", "Sai mật khẩu hoặc tài khoản bị khóa. Sau hai lần liền chỉ thử mỗi giờ một lần, để khỏi khóa tài khoản; sửa khai báo hoặc tệp trong secrets/ thì thử lại ngay lần sau, và ./ioc source pull thì luôn thử.", "Wrong password or locked account. After two refusals in a row one login an hour is tried, so as not to lock it; after the declaration or the file in secrets/ is changed the next pull tries, and ./ioc source pull always does."),
    "IOC-203": Code("Nguồn trả lời quá chậm", "The source timed out", "Nguồn nhận kết nối nhưng không trả hết dữ liệu trong thời hạn. Lần sau kéo tiếp từ mốc cũ.", "The source accepted but did not deliver in time. The next pull goes on from the old mark."),
    "IOC-204": Code("Nguồn đổi trong khi đọc", "The source changed while being read", "Tệp hoặc bảng thay đổi giữa chừng nên lần đọc bị bỏ, tránh nửa cũ nửa mới. Lần sau đọc lại.", "A file or table changed half way, so the reading was dropped. It is read again next time."),
    "IOC-205": Code("Cột của nguồn đã đổi", "The source's columns changed", "Nguồn thêm, bớt hoặc đổi tên cột so với khai báo. Dữ liệu cũ được giữ. Lý do nêu cột gần giống; sửa khai báo rồi kéo lại. Nếu khai báo on_drift là quarantine, lần trích được giữ lại cho đến khi sửa khai báo hoặc ./ioc source pull NGUỒN --accept-drift.", "The source added, removed or renamed columns. Old data is kept. The reason gives near names; mend the declaration and pull again. Where on_drift says quarantine the extract is held until then, or until ./ioc source pull SOURCE --accept-drift."),
    "IOC-206": Code("Dữ liệu của nguồn hỏng dạng", "The source's data is malformed", "Tệp hoặc phản hồi không đọc được theo dạng đã khai báo, hoặc tài khoản chưa được quyền đọc bảng (khi đó cách sửa nêu lệnh GRANT). Lý do nêu tệp và vị trí. Báo cho đầu mối của nguồn.", "A file or answer cannot be read in the declared form, or the login may not read the table (the fix then names the GRANT). The reason names it. Tell the source's owner."),
    "IOC-207": Code("Ít dòng bất thường", "Suspiciously few rows", "Bảng kéo trọn lần này ít dòng hơn mức khai báo (volume) so với lần trước, nên nạp vào sẽ xóa. Lần trích được giữ lại, chưa nạp, chưa xóa gì. Nguồn tự hồi phục thì lần kéo sau nạp bình thường; nếu đúng là đã bớt dòng: ./ioc source pull NGUỒN --accept-drift.", "A whole table has fewer rows than its declaration (volume) allows against the last time, so loading it would delete. The extract is held; nothing was deleted. When the source recovers, the next pull loads as usual; when the rows are really gone: ./ioc source pull SOURCE --accept-drift."),
    "IOC-301": Code("dbt không dựng được", "dbt could not build", "Một mô hình SQL sai, hoặc kiểm tra dữ liệu của dbt không đạt. Bản đang phục vụ không đổi. Lý do nêu mô hình, tệp đã biên dịch và lời của DuckDB.", "An SQL model is wrong or a data test failed. The served build is unchanged. The reason names model, compiled file and DuckDB's words."),
    "IOC-302": Code("Dữ liệu đã kéo bị hỏng", "Landed data is damaged", "Tệp trong landing/ thiếu hoặc khác mã băm trong manifest, nên không nạp gì từ đó; phần hỏng được để riêng. Mốc kéo chưa dịch, nên kéo lại nguồn là đủ.", "A landed file is missing or differs from its manifest's hash; nothing of it was loaded and it was set aside. The watermark has not moved: pull the source again."),
    "IOC-303": Code("Sổ cái không cân", "The ledger does not balance", "Số dòng vào khác tổng nạp, cách ly và trùng. Giao dịch của nguồn này được hoàn lại, dữ liệu đã kéo còn nguyên. Đây là lỗi chương trình: gửi nhật ký cho người phát triển.", "Rows in differ from loaded plus quarantined plus deduplicated. This source's transaction was rolled back; what was landed is intact. A bug: send the log to the developers."),
    "IOC-304": Code("Kiểu cột không đổi được", "A column's type cannot change", "Khai báo mới có kiểu mà giá trị đã nạp không chuyển sang được. Kho giữ nguyên. Chọn kiểu khác, hoặc đặt tên cột mới.", "Loaded values do not fit the newly declared type. Nothing was changed. Choose another type, or a new column name."),
    "IOC-305": Code("Không dựng lại được từ landing", "The landing is not enough to rebuild", "Một lần trích mà sổ cái nói còn giữ lại mất hoặc hỏng. Bảng hiện tại không bị đổi. Khôi phục landing/ từ bản sao lưu rồi chạy lại.", "An extract that the ledger calls kept is missing or damaged. The table was not changed. Restore landing/ from a backup and run again."),
    "IOC-310": Code("Không có dòng cách ly này", "No such quarantined row", "Mã dòng không có hoặc đã được xử lý. ./ioc quarantine list cho các dòng còn mở.", "The row's id is unknown or already settled. ./ioc quarantine list shows the open ones."),
    "IOC-311": Code(
        "Quyết định không xác nhận được",
        "The decision cannot be confirmed",
        "Không có đề xuất nào đang chờ dưới mã này, hoặc người xác nhận chính là người đề xuất. Thay đổi quy tắc cần hai người. ./ioc quarantine decisions cho danh sách.",
        "Nothing waits under that name, or the same person proposed it. A rule is changed by two persons. ./ioc quarantine decisions lists what waits.",
    ),
    "IOC-312": Code(
        "Quyết định không ghi được",
        "The decision cannot be recorded",
        "Thiếu lý do, hoặc giá trị mới không hợp với quy tắc. Chưa có gì thay đổi.",
        "The reason is missing, or the new value does not fit the rule. Nothing was changed.",
    ),
    "IOC-401": Code("Cổng chất lượng không cho công bố", "The quality gate refused", "Một quan hệ bậc 1 vi phạm kỳ vọng, hoặc chưa kiểm tra được, và không giữ riêng được phần dựa vào nó (mọi chỉ tiêu đều bị ảnh hưởng, hoặc chưa có bản trước). Bảng điều hành giữ bản tốt gần nhất. Xem báo cáo kiểm tra và các dòng cách ly, sửa tại nguồn, chạy ./ioc run. Không có cách ép công bố.", "A tier-1 relation broke an expectation or could not be asked, and what rests on it cannot be held by itself. Boards keep the last good build. Mend at the source and run ./ioc run. There is no way to force it."),
    "IOC-402": Code("Bản công bố bị hỏng", "A published build is damaged", "Mã băm hoặc chữ ký của bản không khớp: tệp hỏng hoặc bị sửa. Quay về bản lành theo lệnh nêu trong thông báo, rồi tìm nguyên nhân ở ổ đĩa.", "Hash or signature does not match: damaged or changed. Roll back to the intact build named, then look at the disk."),
    "IOC-403": Code("Không phải bản dựng này", "Another build stands there", "Tệp dựng đã chứa một bản khác. Chạy ./ioc run để dựng lại.", "The build file holds another build. Run ./ioc run."),
    "IOC-404": Code("Không có bản công bố này", "No such published build", "Mã bản sai, đã bị dọn, hoặc chưa công bố lần nào. ./ioc build list.", "The id is wrong, was removed, or nothing is published yet. ./ioc build list."),
    "IOC-405": Code("Chưa có bản công bố nào", "Nothing is published yet", "Truy vết và bảng đọc bản đã công bố. Chạy ./ioc run để có bản đầu tiên.", "Tracing and boards read published builds. Run ./ioc run to make the first."),
    "IOC-410": Code("Câu SQL không chạy được", "The SQL does not run", "Lý do là lời của DuckDB, có tên gần giống. Bản công bố chỉ đọc: không ghi, không mở tệp khác, không đổi cấu hình.", "The reason is DuckDB's, with candidates. A served build is read-only: no writing, no other files, no settings."),
    "IOC-411": Code("Câu SQL quá lâu", "The SQL took too long", "Câu hỏi bị dừng để máy còn phục vụ bảng. Thêm điều kiện hoặc tăng --timeout.", "The query was stopped. Add a condition or raise --timeout."),
    "IOC-412": Code("Chưa có danh mục", "No catalogue yet", "Danh mục đi cùng bản đã công bố. Bản cũ hơn không có; chạy ./ioc run để có bản mới.", "The catalogue comes with a published build. Older ones have none; ./ioc run makes a new one."),
    "IOC-413": Code("Không tải được bảng", "Cannot export the table", "Chỉ tải được bảng của mart trong bản đã công bố, dạng parquet hoặc csv. Tên gần giống có trong thông báo.", "Only tables of mart in a published build, as parquet or csv. The message has the nearest names."),
    "IOC-420": Code("Không kiểm tra được", "The judge could not ask", "Bộ kỳ vọng sai hoặc thiếu. Không có kết quả thì không công bố. Sửa tệp trong quality/suites.", "A suite is wrong or missing. No verdict, no publication. Mend the file in quality/suites."),
    "IOC-430": Code("Không có chỉ tiêu này", "No such indicator", "Mã chỉ tiêu không có trong bản đang xem; lý do nêu mã gần giống. ./ioc indicator list.", "The code is not in this build; the reason gives near codes. ./ioc indicator list."),
    "IOC-431": Code("Không có địa bàn này", "No such area", "Tên hoặc mã xã không có trong danh mục 166 xã, phường; lý do nêu tên gần giống.", "The name or code is not among the 166 communes and wards; the reason gives near names."),
    "IOC-432": Code("Không có số liệu cho kỳ này", "No observation", "Chỉ tiêu có thật, nhưng không có số cho kỳ, địa bàn ấy: không có dòng nào thay vì số 0 bịa ra. Lý do nêu những kỳ đang có.", "The indicator exists but has no observation for that period and area: no row rather than a made-up zero. The reason says what there is."),
    "IOC-520": Code("Tài khoản phụ trách dữ liệu không tạo được", "The steward's account cannot be made", "Tên chỉ gồm chữ thường không dấu, số, dấu chấm, gạch; mật khẩu tự sinh hoặc ít nhất 12 ký tự. ./ioc steward list cho danh sách.", "A name has lower-case letters, digits, dots and dashes; a password is generated, or 12 characters at least. ./ioc steward list."),
    "IOC-521": Code("Khóa của trang phụ trách dữ liệu thiếu hoặc ngắn", "The key of the stewards' page is missing or short", "Trang không khởi động khi không có khóa ký phiên. Xóa tệp khóa rồi ./ioc up để sinh khóa mới; mọi phiên phải đăng nhập lại.", "The page does not start without a key that signs its sessions. Remove the file and run ./ioc up; everybody signs in again."),
    "IOC-530": Code("Đang có lượt công bố dữ liệu mở khác", "Open data are being published", "Chỉ một lượt ghi tệp mở. Bản mở đang dùng không đổi. Chờ xong rồi chạy lại ./ioc open publish.", "Only one writes the open files. What is open now did not change. Wait and run ./ioc open publish again."),
    "IOC-531": Code("Chưa công bố dữ liệu mở", "No open data yet", "Dịch vụ chạy nhưng chưa có tệp mở nào. ./ioc open publish ghi tệp từ bản đang phục vụ.", "The service runs and has no files. ./ioc open publish writes them from the served build."),
    "IOC-532": Code("Bản dựng không còn giữ", "The build is no longer kept", "Các trang của một câu hỏi thuộc cùng một bản dựng; bản đó đã được dọn. Bỏ tham số build và đọc lại từ đầu.", "All pages of a question are of one build; that one was removed. Leave out build and begin again."),
    "IOC-533": Code("Không có bộ dữ liệu, tệp hoặc địa chỉ này", "No such dataset, file or address", "Chỉ có những bộ mà /api/v1/datasets liệt kê. Bảng không mở thì không có ở dịch vụ này, dù hỏi cách nào.", "There are only the datasets that /api/v1/datasets lists. A table that is not open is not in this service at all."),
    "IOC-534": Code("Nhiều câu hỏi cùng lúc", "Too many questions at once", "Dịch vụ trả lời một số câu hỏi một lúc để máy còn phục vụ bảng. Thử lại sau vài giây, hoặc tải cả tệp.", "Only some questions are answered at a time. Try again in seconds, or take the whole file."),
    "IOC-535": Code("Câu hỏi quá lâu hoặc quá nhiều bộ nhớ", "The question took too long or too much memory", "Thêm điều kiện lọc, giảm limit, hoặc tải tệp Parquet.", "Add a filter, lower the limit, or take the Parquet file."),
    "IOC-536": Code("Câu hỏi sai", "The request is wrong", "Lời báo nêu tham số sai, các cột có thật và kiểu của chúng. /docs có ví dụ.", "The message names the wrong parameter, the real columns and their types. /docs has examples."),
    "IOC-537": Code("Hỏi quá nhanh", "Too many requests", "Mỗi địa chỉ được hỏi có hạn; tiêu đề Retry-After cho biết chờ bao lâu. Người vận hành đổi bằng IOC_OPEN_RATE.", "Each address may ask so often; Retry-After says how long to wait. The operator sets IOC_OPEN_RATE."),
    "IOC-538": Code("Chỉ tiêu chưa mở", "The indicator is not open", "Có nguồn làm ra chỉ tiêu không thuộc lớp mở, hoặc chỉ tiêu chưa tính được; lời báo nêu nguồn nào. Định nghĩa của nó vẫn có ở bộ indicators.", "A source of it is not of class open, or it cannot be computed; the message says which. Its definition is in the dataset indicators."),
    "IOC-539": Code("Bảng khai mở mà không được mở", "A table says it is open and must not be", "meta.open của bảng sai, hoặc bảng làm từ nguồn không thuộc lớp mở. Bảng ấy bị bỏ ra, các bộ khác vẫn công bố. ./ioc open check nêu từng bảng và lý do.", "Its meta.open is wrong, or it rests on a source that is not open. It is left out and the others are published. ./ioc open check names each and why."),
    "IOC-540": Code("Không có báo động này", "No such alarm", "Mã báo động không có trong bản đang phục vụ, hoặc phần đầu mã trùng với mấy báo động. Chưa có gì được ghi. ./ioc alarm list --all.", "No alarm of the served build has that id, or several begin so. Nothing was recorded. ./ioc alarm list --all."),
    "IOC-541": Code("Báo động đã có người nhận", "The alarm is already acknowledged", "Người nhận trước giữ báo động; lần nhận sau không được ghi. Ghi thêm việc đã làm bằng ./ioc alarm note, hoặc nhờ người ấy bàn giao (hand-over).", "Who came first has it; the second was not recorded. Add what you did with ./ioc alarm note, or ask for a hand-over."),
    "IOC-542": Code("Bước này không hợp với tình trạng báo động", "The step does not fit the alarm's state", "Báo động đã đóng thì không nhận, đóng hay bàn giao được nữa; chỉ báo động do người đóng mới mở lại được. Chưa có gì được ghi.", "A closed alarm cannot be acknowledged, closed or handed over; only one that a person closed can be reopened. Nothing was recorded."),
    "IOC-543": Code("Thiếu lý do", "A reason is missing", "Ghi chú, đóng, mở lại và bàn giao đều phải có lý do, ít nhất ba ký tự; lý do được lưu cùng tên người làm. Không ghi tên, số điện thoại của người dân vào lý do.", "A note, closing, reopening or hand-over has a reason of three characters at least; it is kept with who gave it. No citizen's name or number belongs in it."),
}  # fmt: skip
